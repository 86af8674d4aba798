// What was believed of one fact over reported time: figures as steps, dates that slip, anything else as bands.
//
// Each takes what plot/one_fact.py returns for a fact. Moments are ISO texts, figures are in the unit of the axis.
"use strict";
(function (plot) {
  const at = (text) => new Date(text);

  /** Draw a fact in the way that its values ask for. */
  plot.fact = function (data, options = {}) {
    const draw = { amount: step, date: slipping }[data.kind] ?? bands;
    const pen = plot.pen(options);
    const named = (value) => ({ ...value, short: short(pen, value, data.axis) });
    const spans = data.spans.map(named);
    const reports = data.reports.map((report) => ({ ...named(report), was: report.was.map(named) }));
    return draw({ ...data, spans, reports }, options);
  };

  /** Return a claim without the unit that its axis has already: "up to 100", "15–25". */
  function short(pen, { claim, in_words, low, high, approximate, date_from, date_to }, axis) {
    if (date_from || date_to) return plot.span(pen.words, claim);
    if (low === null && high === null) return claim;
    if (in_words) return plot.unit(pen.words, claim);
    const number = (value) => pen.number(Math.round(value * 1000) / 1000);
    const unit = axis.percent ? " %" : "";
    const about = approximate ? `${pen.words.about} ` : "";
    if (low === null) return `${pen.words.upTo} ${number(high)}${unit}`;
    if (high === null) return `${pen.words.moreThan} ${number(low)}${unit}`;
    return low === high ? `${about}${number(low)}${unit}` : `${about}${number(low)}–${number(high)}${unit}`;
  }

  function frame(data, options, above, tall, left = 44) {
    const pen = plot.pen(options);
    const right = pen.width - 16, top = above, bottom = above + tall;
    const x = d3.scaleUtc().domain(data.domain.map(at)).range([left, right]);
    const asOf = data.as_of === null ? null : at(data.as_of);
    return {
      pen, left, right, top, bottom, x, asOf,
      known: (moment) => asOf === null || moment <= asOf,
      room: roomBeside(left, right, bottom, asOf === null ? null : x(asOf)),
    };
  }

  /** Return the room for labels, which never lie over the line of the as-of date. */
  function roomBeside(left, right, bottom, line) {
    const room = plot.room(left, 4, right + 14, bottom);
    if (line !== null) room.take(line - 3, 38, 6, bottom);
    return room;
  }

  /** Draw the line of the as-of date over everything, with the dot on the axis. */
  function asOfLine({ pen, x, asOf, top, bottom }, down) {
    if (asOf === null) return "";
    const place = x(asOf);
    return pen.line(place, top - 26, place, down, "ink", { width: 1.25 }) + pen.dot(place, bottom, 5.5, "ink");
  }

  // Figures

  /** Return the ticks of a scale: quarters of 100, 1,000 and the like, else as D3 has them. */
  function ticks(scale) {
    const [low, high] = scale.domain();
    const quarter = 10 ** Math.round(Math.log10(high - low)) / 4;
    return (high - low) / quarter === 4 && low % quarter === 0 ? d3.range(5).map((n) => low + n * quarter) : scale.ticks(4);
  }

  function step(data, options) {
    const struck = data.reports.filter((report) => report.was.length > 0).length;
    const of = frame(data, options, 64 + (struck ? 14 : 0), options.height ?? 226);
    const { pen, left, right, top, bottom, x, asOf, known, room } = of;
    const y = d3.scaleLinear().domain(extent(data)).nice(4).range([bottom, top]);
    let drawn = pen.text(4, 18, plot.unit(pen.words, data.axis.label), { size: 12, colour: "ink3" });
    for (const tick of ticks(y)) {
      drawn += pen.line(left, y(tick), right, y(tick), "line");
      drawn += pen.text(left - 10, y(tick) + 4, pen.number(tick), { size: 12, colour: "ink3", anchor: "end" });
    }
    drawn += plot.timeAxis(pen, x, bottom);

    const spans = data.spans.map((span) => ({ ...span, from: at(span.from), to: at(span.to ?? data.domain[1]) }));
    const lines = [];
    for (const span of spans) {
      const split = asOf !== null && span.from <= asOf && asOf < span.to ? [[span.from, asOf, true], [asOf, span.to, false]]
        : [[span.from, span.to, known(span.from)]];
      for (const [from, to, seen] of split) {
        drawn += area(pen, span, x(from), x(to), y, seen, bottom, top);
        lines.push(edges(pen, span, x(from), x(to), y, seen));
      }
      // A taken line is no place for a label.
      for (const value of bounds(span)) room.take(x(span.from), y(value) - 3, x(span.to) - x(span.from), 6);
    }
    drawn += lines.join("");
    drawn += joins(pen, spans, x, y);
    const nothing = plot.widthOf(pen.words.nothing, 12);
    if ((spans.length === 0 || x(spans[0].from) - left > nothing + 12) && room.place(left + 6, bottom - 20, nothing, 12)) {
      drawn += pen.text(left + 6, bottom - 10, pen.words.nothing, { size: 12, colour: "ink3" });
    }
    drawn += mended(of, data, y);
    drawn += marks(of, data, spans, y);
    const [laneMarks, down] = lanes(of, data);
    drawn += laneMarks;
    if (asOf !== null && x(asOf) < right - 90) {
      drawn += pen.text(x(asOf) + 8, (top + bottom) / 2, pen.words.notYet, { size: 12, colour: "ink3" });
    }
    drawn += asOfLine(of, down - 6);
    return pen.picture(down, drawn, { title: pen.words.picture(data.name), description: described(pen, data), ground: options.ground });
  }

  const bounds = (span) => [...new Set([span.low, span.high].filter((value) => value !== null))];

  function extent(data) {
    const values = data.spans.flatMap(bounds);
    // Not Math.min, whose arguments have to fit the stack.
    const [lowest, highest] = [Math.min(0, d3.min(values) ?? 0), Math.max(0, d3.max(values) ?? 0)];
    if (data.axis.percent) return [lowest, Math.max(100, highest)];
    return values.length ? [lowest, highest || 1] : [0, 1];
  }

  /** Draw what lies under or between the bounds of a span. */
  function area(pen, span, x1, x2, y, seen, bottom, top) {
    const colour = seen ? plot.firmness(span.status).colour : "ghost";
    const between = (y1, y2, from, to) => {
      const [gradient, fill] = pen.fade(colour, 0, y1, 0, y2, from, to);
      return `<defs>${gradient}</defs><rect x="${plot.n(x1)}" y="${plot.n(Math.min(y1, y2))}" ` +
        `width="${plot.n(Math.max(0, x2 - x1))}" height="${plot.n(Math.abs(y2 - y1))}" ${fill}/>`;
    };
    if (bounds(span).length === 0) return "";
    if (span.low === null && span.high !== null) return between(y(span.high), bottom, 0.26, 0.03);
    if (span.high === null && span.low !== null) return between(y(span.low), top - 8, 0.26, 0);
    if (span.low !== span.high) return between(y(span.high), y(span.low), 0.24, 0.24);
    if (span.approximate) {
      const width = Math.abs(span.low) * 0.1;
      return between(y(span.low + width), y(span.low - width), 0.14, 0.14);
    }
    return "";
  }

  function edges(pen, span, x1, x2, y, seen) {
    const of = plot.firmness(span.status);
    const colour = seen ? of.colour : "ghost";
    let drawn = bounds(span).map((value) => pen.line(x1, y(value), x2, y(value), colour, { width: of.width, dashes: of.dashes })).join("");
    // A figure in another unit has no place here.
    const one = bounds(span).length === 0 ? null : span.low === null ? [span.high, 1] : span.high === null ? [span.low, -1] : null;
    if (one !== null && seen && x2 - x1 > 60) {
      for (const share of x2 - x1 > 160 ? [0.35, 0.7] : [0.55]) drawn += arrow(pen, x1 + (x2 - x1) * share, y(one[0]) + 4 * one[1], one[1], colour);
    }
    return drawn;
  }

  const arrow = (pen, x, y, way, colour) =>
    pen.path(`M${plot.n(x)} ${plot.n(y)}V${plot.n(y + 22 * way)}M${plot.n(x - 4)} ${plot.n(y + 17 * way)}L${plot.n(x)} ${plot.n(y + 22 * way)}L${plot.n(x + 4)} ${plot.n(y + 17 * way)}`, colour, { width: 1.25 });

  /** Draw the jumps from one span to the next. */
  function joins(pen, spans, x, y) {
    let drawn = "";
    const ended = new Map();
    for (const span of spans) {
      const before = ended.get(`${+span.from} ${span.valid}`);
      const [first, second] = [before, span].map((one) => (one ? headline(one) : null));
      if (first !== null && second !== null && first !== second) {
        drawn += pen.line(x(span.from), y(first), x(span.from), y(second), "line2");
      }
      ended.set(`${+span.to} ${span.valid}`, span);
    }
    return drawn;
  }

  const headline = (span) => span.high ?? span.low;

  /** Draw the glyph where each span begins, its range of dates before it, and its label where there is room. */
  function marks(of, data, spans, y) {
    const { pen, x, known, room, left, right } = of;
    let drawn = "", labels = "";
    if (crowded(of, spans)) return drawn;
    const ends = new Set(spans.map((span) => +span.to));
    for (const span of spans) {
      const value = headline(span);
      if (value === null) continue;
      const [px, py] = [x(span.from), y(value)];
      const seen = known(span.from);
      const colour = seen ? plot.firmness(span.status).colour : "ghost";
      const alone = !ends.has(+span.from);
      if (alone && span.maybe && x(at(span.maybe)) < px - 3) {
        const early = Math.max(left, x(at(span.maybe)));
        drawn += pen.line(early, py, px, py, colour, { width: 1.5 }) + pen.line(early, py - 4, early, py + 4, colour, { width: 1.5 });
        room.take(early, py - 5, px - early, 10);
      }
      room.take(px - 7, py - 7, 14, 14);
    }
    for (const span of spans) {
      const value = headline(span);
      if (value === null) continue;
      const [px, py] = [x(span.from), y(value)];
      const seen = known(span.from);
      drawn += pen.glyph(px, py, span.status, { ghost: !seen });
      labels += label(pen, room, px, py, span, seen, right);
    }
    return drawn + labels;
  }

  /** Whether so many spans begin that their glyphs would cover each other: then the lines say more alone. */
  const crowded = ({ left, right }, spans) => spans.length > (right - left) / 2;

  /** Draw the label of a mark where there is room: claim and status, else the status alone. */
  function label(pen, room, px, py, span, seen, right) {
    const status = pen.status(span.status);
    const colour = seen ? "ink" : "ink3", paler = seen ? "ink2" : "ink3";
    for (const parts of [[[span.short, { weight: 600 }], [` ${status}`, { colour: paler }]], [[status, { colour: paler }]]]) {
      const width = d3.sum(parts, ([text, { weight }]) => plot.widthOf(text, 13, weight)) + 4;
      const places = [
        [px + 10, py - 22, "start"], [px - 10 - width, py - 8, "end"], [px - 4 - width, py - 24, "end"],
        [px + 12, py - 8, "start"], [px + 10, py + 6, "start"], [px - 10 - width, py + 6, "end"], [px - width / 2, py - 26, "middle"],
      ];
      for (const [left, top, anchor] of places) {
        if (!room.place(left, top, width, 16)) continue;
        const place = anchor === "start" ? left : anchor === "end" ? left + width : left + width / 2;
        return pen.text(place, top + 12, parts, { colour, anchor, halo: true });
      }
    }
    return "";
  }

  /** Draw what stood in the record before it was mended: a struck figure above the plot, and an arrow to it. */
  function mended(of, data, y) {
    const { pen, x, room, top, known } = of;
    let drawn = "";
    for (const report of data.reports) {
      if (report.was.length === 0) continue;
      const seen = known(at(report.at));
      const [px, colour] = [x(at(report.at)), seen ? "ink2" : "ink3"];
      const was = report.was.at(-1);
      const tail = ` ${seen ? `${was.commit ? `${pen.words.until(was.commit)}, ` : ""}` : ""}${pen.words.corrected}`;
      const width = plot.widthOf(was.short, 12) + plot.widthOf(tail, 12);
      const height = 30;
      drawn += pen.path(`M${plot.n(px)} ${height + 12}V${height - 6}M${plot.n(px - 4)} ${height - 1}L${plot.n(px)} ${height - 6}L${plot.n(px + 4)} ${height - 1}`, colour, { width: 1.25 });
      drawn += pen.line(px, height + 12, px, top - 8, colour, { dashes: "1.5 2.5" });
      room.take(px - 2, height - 8, 4, top - height);
      const inner = [[was.short, { struck: true }], [tail]];
      if (room.place(px + 9, height - 12, width, 15)) drawn += pen.text(px + 9, height, inner, { size: 12, colour });
      else if (room.place(px - 9 - width, height - 12, width, 15)) drawn += pen.text(px - 9, height, inner, { size: 12, colour, anchor: "end" });
    }
    for (const report of data.reports.filter((one) => one.type === "retracted")) {
      const px = x(at(report.at));
      drawn += pen.line(px, top - 4, px, of.bottom, known(at(report.at)) ? "off" : "ghost", { width: 3 });
      const width = plot.widthOf(pen.words.retracted, 12);
      if (room.place(px + 6, top - 2, width, 15)) {
        drawn += pen.text(px + 6, top + 10, pen.words.retracted, { size: 12, colour: known(at(report.at)) ? "off" : "ink3" });
      }
    }
    return drawn;
  }

  /** Draw a lane for each origin: when it reported, and the page that it was read on. Returns it and its foot. */
  function lanes(of, data) {
    const { pen, x, bottom, known, left } = of;
    const first = bottom + 62, tall = 24;
    let drawn = pen.text(4, bottom + 42, pen.words.lanes, { size: 12, colour: "ink3" });
    const origins = [...new Set(data.reports.map((report) => report.origin))].slice(0, 12);
    const pages = new Map();
    const names = plot.room(0, 0, pen.width, Infinity);
    let below = 0;
    origins.forEach((origin, index) => {
      const y = first + index * tall;
      const own = data.reports.filter((report) => report.origin === origin);
      let start = Infinity, hairline = "", last = "";
      for (const report of own) {
        const [early, px, page] = [report.from, report.at, report.read].map((text) => (text ? x(at(text)) : null));
        const seen = known(at(report.at));
        const colour = report.type === "retracted" ? (seen ? "off" : "ghost") : seen ? plot.firmness(report.status).colour : "ghost";
        if (early !== null && early < px - 3) {
          drawn += pen.line(Math.max(left, early), y, px, y, colour, { width: 1.5 }) + pen.line(Math.max(left, early), y - 4, Math.max(left, early), y + 4, colour, { width: 1.5 });
        }
        if (page !== null && page > px + 8) hairline += pen.line(px + 5, y, page - 4, y, "line2");
        // Of dots of one colour on one pixel, one is drawn.
        const dot = `${Math.round(px)} ${colour}`;
        if (dot !== last || own.length < pen.width) drawn += pen.dot(px, y, 4.5, colour);
        last = dot;
        names.take(px - 6, y - 8, 12, 16);
        if (page !== null && report.read.slice(0, 10) > report.at.slice(0, 10)) {
          const key = `${report.source}\u0000${page}`;
          if (!pages.has(key)) pages.set(key, []);
          pages.get(key).push([Math.max(page, px + 9), y, report.source_name]);
        }
        start = Math.min(start, early ?? px, px);
      }
      drawn = hairline + drawn;
      const name = plot.cut(own[0].origin_name, 200, 13);
      const width = plot.widthOf(name, 13);
      const before = start - 9 - width > 4;
      drawn += pen.text(before ? start - 9 : 4, y + 4.5, name, { colour: own.some((report) => known(at(report.at))) ? "ink" : "ink3", anchor: before ? "end" : "start", halo: true });
    });
    for (const squares of pages.values()) {
      const ys = squares.map(([, y]) => y);
      const px = d3.max(squares, ([place]) => place);
      const [highest, lowest] = [d3.min(ys), d3.max(ys)];
      if (ys.length > 1) drawn += pen.line(px, highest, px, lowest, "line2");
      for (const y of new Set(ys)) drawn += square(pen, px, y);
      const name = `${plot.cut(squares[0][2] ?? "", 120, 12)}${new Set(ys).size > 1 ? `, ${pen.words.onePage}` : ""}`;
      const width = plot.widthOf(name, 12);
      if (names.place(px + 8, highest - 8, width, 16)) drawn += pen.text(px + 9, highest + 4, name, { size: 12, colour: "ink3" });
      else if (names.place(px + 4 - width, lowest + 8, width, 16)) {
        drawn += pen.text(px + 4, lowest + 19, name, { size: 12, colour: "ink3", anchor: "end", halo: true });
        below = Math.max(below, lowest + 24);
      }
    }
    return [drawn, Math.max(first + Math.max(1, origins.length) * tall, below) + 4];
  }

  const square = (pen, x, y) =>
    pen.rect(x - 4, y - 4, 8, 8, "ghost") + pen.rect(x - 2.75, y - 2.75, 5.5, 5.5, "bg");

  const described = (pen, data) =>
    data.spans.map((span) => `${span.short}: ${pen.words.of(pen.status(span.status), pen.day(span.from))}`).join("; ");

  // Dates: when it was to happen, as reported over time

  function slipping(data, options) {
    const of = frame(data, options, 40, options.height ?? 300, 72);
    const { pen, left, right, top, bottom, x, asOf, known, room } = of;
    const ends = data.spans.flatMap((span) => [span.date_from, span.date_to]).filter((text) => text !== null).map(at);
    const y = d3.scaleUtc().domain(ends.length ? padded(d3.extent(ends)) : x.domain()).range([bottom, top]);
    let drawn = "";
    for (const { date, label, year } of plot.timeTicks(y, pen, 44)) {
      const text = year ? label : `${label} ${String(date.getUTCFullYear()).slice(2)}`;
      drawn += pen.line(left, y(date), right, y(date), "line");
      drawn += pen.text(left - 8, y(date) + 4, text, { size: 12, colour: year ? "ink" : "ink3", anchor: "end" });
    }
    drawn += plot.timeAxis(pen, x, bottom);
    // Where the date is the day of the report itself.
    const [low, high] = [Math.max(+x.domain()[0], +y.domain()[0]), Math.min(+x.domain()[1], +y.domain()[1])];
    if (low < high) {
      drawn += pen.line(x(low), y(low), x(high), y(high), "line2", { dashes: "2 3" });
      const angle = (Math.atan2(y(high) - y(low), x(high) - x(low)) * 180) / Math.PI;
      drawn += `<g transform="translate(${plot.n(x(low))} ${plot.n(y(low))}) rotate(${plot.n(angle)})">` +
        `${pen.text(16, 15, pen.words.today, { size: 12, colour: "ink3" })}</g>`;
    }
    const spans = data.spans.map((span) => ({ ...span, from: at(span.from), to: at(span.to ?? data.domain[1]) }));
    for (const span of spans) {
      if (span.date_from === null && span.date_to === null) continue;
      const [late, early] = [span.date_to ?? y.domain()[1], span.date_from ?? y.domain()[0]].map((text) => y(typeof text === "string" ? at(text) : text));
      const seen = known(span.from);
      const mark = plot.firmness(span.status);
      const colour = seen ? mark.colour : "ghost";
      const until = asOf !== null && span.from <= asOf && asOf < span.to ? asOf : span.to;
      drawn += pen.rect(x(span.from), late, x(span.to) - x(span.from), Math.max(2, early - late), colour, { opacity: 0.16 });
      drawn += pen.line(x(span.from), late, x(until), late, colour, { width: mark.width, dashes: mark.dashes });
      if (until !== span.to) drawn += pen.line(x(until), late, x(span.to), late, "ghost", { width: mark.width, dashes: mark.dashes });
      room.take(x(span.from), late - 3, x(span.to) - x(span.from), 6);
      drawn += pen.glyph(x(span.from), late, span.status, { ghost: !seen });
    }
    for (const span of spans) {
      if (span.date_to === null && span.date_from === null) continue;
      drawn += label(pen, room, x(span.from), y(at(span.date_to ?? span.date_from)), span, known(span.from), right);
    }
    const [laneMarks, down] = lanes(of, data);
    drawn += laneMarks + asOfLine(of, down - 6);
    return pen.picture(down, drawn, { title: pen.words.slipping(data.name), description: described(pen, data), ground: options.ground });
  }

  function padded([first, last]) {
    const more = Math.max(86400e3 * 20, (last - first) * 0.12);
    return [new Date(+first - more), new Date(+last + more)];
  }

  // Words: a band for each belief

  function bands(data, options) {
    const valid = [...new Set(data.spans.map((span) => span.valid))];
    const of = frame(data, options, 40, Math.max(1, valid.length) * 46);
    const { pen, left, right, bottom, top, x, asOf, known } = of;
    let drawn = plot.timeAxis(pen, x, bottom);
    if (data.spans.length === 0) drawn += pen.text(left + 6, bottom - 10, pen.words.nothing, { size: 12, colour: "ink3" });
    for (const span of data.spans) {
      const y = top + valid.indexOf(span.valid) * 46 + 22;
      const [from, to] = [x(at(span.from)), x(at(span.to ?? data.domain[1]))];
      const seen = known(at(span.from));
      const mark = plot.firmness(span.status);
      const cut = asOf !== null && seen ? Math.min(to, x(asOf)) : to;
      drawn += pen.line(from, y, cut, y, seen ? mark.colour : "ghost", { width: mark.width, dashes: mark.dashes });
      if (cut < to) drawn += pen.line(cut, y, to, y, "ghost", { width: mark.width, dashes: mark.dashes });
      drawn += pen.glyph(from, y, span.status, { ghost: !seen });
      const text = plot.cut(`${span.short} ${span.valid}`.trim(), to - from - 14, 13);
      if (text) drawn += pen.text(from + 9, y - 9, text, { colour: seen ? "ink" : "ink3" });
    }
    const [laneMarks, down] = lanes(of, data);
    drawn += laneMarks + asOfLine(of, down - 6);
    return pen.picture(down, drawn, { title: pen.words.picture(data.name), description: described(pen, data), ground: options.ground });
  }
})(globalThis.timelinePlot);
