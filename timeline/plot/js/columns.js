// Two columns of an answer as a chart: points over numbers or dates, or a row for each text.
//
// Takes an answer as the API gives it: `columns`, `types` (of DuckDB), `rows`, and the names `x` and `y`.
"use strict";
(function (plot) {
  const rowsAtMost = 60, joinedAtMost = 2000;

  /** Return what an axis makes of a type of DuckDB: number, date or text; null where it takes none. */
  plot.kindOf = (type) =>
    /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(.*\))$/.test(type) ? "number"
      : /^(DATE|TIMESTAMP(_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE)$/.test(type) ? "date"
        : /^(VARCHAR|UUID|BOOLEAN|ENUM\(.*\))$/s.test(type) ? "text" : null;

  const valueOf = (value, kind) => {
    if (value === null) return null;
    if (kind === "text") return String(value);
    // Years of four digits, which is what engines parse alike.
    const found = kind === "date" ? (/^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(value) ? Date.parse(value) : NaN) : Number(value);
    return Number.isFinite(found) ? found : null;
  };

  /** Return the columns that a chart begins with: the first that suits the height, and the first other one. */
  plot.columnsOffered = function ({ columns, types }) {
    const kinds = types.map(plot.kindOf);
    const high = kinds.flatMap((kind, at) => (kind === "number" || kind === "date" ? [at] : []));
    const x = kinds.findIndex((kind, at) => kind !== null && high.some((other) => other !== at));
    const y = [...high.filter((at) => at !== x && kinds[at] === "number"), ...high.filter((at) => at !== x)][0];
    return { x: columns[x] ?? null, y: columns[y] ?? null };
  };

  /** Return what is drawn of an answer, or in `problem` why nothing can be, in words. */
  plot.columnsData = function (data, words) {
    const of = words.columns;
    if (data.columns.length < 2) return { problem: of.oneColumn };
    if (!data.rows.length) return { problem: of.noRows };
    for (const name of [data.x, data.y]) if (name !== null && !data.columns.includes(name)) return { problem: of.noSuch(name) };
    if (data.x === null || data.y === null) return { problem: of.noHeight };
    const [x, y] = [data.columns.indexOf(data.x), data.columns.indexOf(data.y)];
    const [kindX, kindY] = [plot.kindOf(data.types[x]), plot.kindOf(data.types[y])];
    if (kindX === null) return { problem: of.noAxis(data.x, data.types[x]) };
    if (kindY !== "number" && kindY !== "date") return { problem: of.notHigh(data.y, data.types[y]) };
    const every = data.rows.map((row) => [valueOf(row[x], kindX), valueOf(row[y], kindY)]);
    const points = every.filter((point) => point[0] !== null && point[1] !== null);
    if (!points.length) return { problem: of.noneHasBoth(data.x, data.y) };
    const shown = kindX === "text" ? points.slice(0, rowsAtMost) : d3.sort(points, ([value]) => value);
    return { problem: null, kindX, kindY, points: shown, left: every.length - points.length, more: points.length - shown.length, all: points.length };
  };

  /** Draw two columns; the picture of what cannot be drawn says why. */
  plot.columns = function (data, options = {}) {
    const pen = plot.pen(options);
    const found = plot.columnsData(data, pen.words);
    if (found.problem !== null) return pen.picture(40, pen.text(4, 24, found.problem, { colour: "ink2" }), { title: found.problem, ground: options.ground });
    const [tall, drawn] = found.kindX === "text" ? bars(pen, data, found) : points(pen, data, found);
    return pen.picture(tall, drawn, { title: pen.words.columns.title(data.x, data.y), description: pen.words.columns.points(found.points.length), ground: options.ground });
  };

  /** Return a scale with its ticks as texts; figures are divided so that they are short. */
  function axis(pen, kind, values, range, room, fromZero) {
    let [low, high] = d3.extent(values);
    if (kind === "date") {
      if (high - low < 2 * 86400e3) [low, high] = [low - 86400e3, high + 86400e3];
      const scale = d3.scaleUtc().domain([new Date(low), new Date(high)]).range(range);
      const years = (date, year, label) => (year || /\d{4}/.test(label) ? label : `${label} ${date.getUTCFullYear()}`);
      return { scale, label: "", ticks: plot.timeTicks(scale, pen, room).map(({ date, label, year }) => [date, years(date, year, label)]) };
    }
    if (fromZero) [low, high] = [Math.min(0, low), Math.max(0, high)];
    if (low === high) [low, high] = [low - 1, high + 1];
    const count = Math.max(2, Math.floor(Math.abs(range[1] - range[0]) / room));
    const scale = d3.scaleLinear().domain([low, high]).range(range).nice(count);
    const most = Math.max(...scale.domain().map(Math.abs));
    const [size, word] = Object.entries(pen.words.scales).map(([of, name]) => [Number(of), name]).sort((a, b) => b[0] - a[0]).find(([of]) => most >= of) ?? [1, ""];
    return { scale, label: word, ticks: scale.ticks(count).map((tick) => [tick, pen.number(Number((tick / size).toPrecision(12)))]) };
  }

  const titled = (name, { label }) => (label ? `${name}, ${label}` : name);

  /** Draw a point for each row, joined where each place has one. */
  function points(pen, data, { kindX, kindY, points: found }) {
    const top = 40, bottom = 320;
    const y = axis(pen, kindY, found.map((point) => point[1]), [bottom, top], 44, false);
    const left = Math.min(160, Math.max(...y.ticks.map(([, text]) => plot.widthOf(text, 12)), 20) + 16), right = pen.width - 24;
    const x = axis(pen, kindX, found.map((point) => point[0]), [left + 8, right - 8], 84, false);
    let drawn = pen.text(4, 18, titled(data.y, y), { size: 12, colour: "ink3" });
    for (const [at, text] of y.ticks) {
      drawn += pen.line(left, y.scale(at), right, y.scale(at), "line") + pen.text(left - 8, y.scale(at) + 4, text, { size: 12, colour: "ink3", anchor: "end" });
    }
    drawn += pen.line(left, bottom, right, bottom, "line2");
    let end = -Infinity;
    for (const [at, text] of x.ticks) {
      const [place, half] = [x.scale(at), plot.widthOf(text, 12) / 2];
      drawn += pen.line(place, bottom, place, bottom + 5, "line2");
      if (place - half < Math.max(0, end + 8) || place + half > pen.width) continue;
      drawn += pen.text(place, bottom + 18, text, { size: 12, colour: "ink3", anchor: "middle" });
      end = place + half;
    }
    drawn += pen.text(right, bottom + 38, titled(data.x, x), { size: 12, colour: "ink3", anchor: "end" });
    const places = found.map(([first, second]) => [plot.n(x.scale(first)), plot.n(y.scale(second))]);
    const isLine = found.length > 1 && found.length <= joinedAtMost && new Set(found.map(([first]) => first)).size === found.length;
    if (isLine) drawn += pen.path(`M${places.map((place) => place.join(" ")).join("L")}`, "f3", { width: 1.5 });
    // Points on one place are drawn once.
    for (const place of new Set(places.map((each) => each.join(" ")))) {
      const [px, py] = place.split(" ");
      drawn += pen.dot(Number(px), Number(py), found.length > 200 ? 2 : 3.5, "f4");
    }
    return [bottom + 48, drawn];
  }

  /** Draw a row for each text: a bar from zero to its figure, or a dot at its date. */
  function bars(pen, data, { kindY, points: found }) {
    const tall = 24, top = 46;
    const widest = Math.max(...found.map(([text]) => plot.widthOf(text, 13)));
    const left = Math.min(widest + 12, pen.width * 0.42), right = pen.width - 24;
    const bottom = top + found.length * tall;
    const y = axis(pen, kindY, found.map((point) => point[1]), [left + 4, right], 92, kindY === "number");
    let drawn = pen.text(4, 18, data.x, { size: 12, colour: "ink3" }) + pen.text(right, 18, titled(data.y, y), { size: 12, colour: "ink3", anchor: "end" });
    let end = left - 20;
    for (const [at, text] of y.ticks) {
      const [place, half] = [y.scale(at), plot.widthOf(text, 12) / 2];
      drawn += pen.line(place, top - 4, place, bottom, "line");
      if (place - half < end + 8 || place + half > pen.width) continue;
      drawn += pen.text(place, top - 10, text, { size: 12, colour: "ink3", anchor: "middle" });
      end = place + half;
    }
    found.forEach(([text, value], row) => {
      const middle = top + row * tall + tall / 2;
      drawn += pen.text(left - 6, middle + 4, plot.cut(text, left - 8, 13), { anchor: "end" });
      const place = y.scale(value);
      if (kindY === "date") drawn += pen.line(left, middle, place, middle, "line2") + pen.dot(place, middle, 4, "f4");
      else {
        const zero = y.scale(0);
        drawn += pen.rect(Math.min(zero, place), middle - 6, Math.max(1, Math.abs(place - zero)), 12, "f4", { opacity: 0.85 });
      }
    });
    if (kindY === "number") drawn += pen.line(y.scale(0), top - 4, y.scale(0), bottom, "line2");
    return [bottom + 8, drawn];
  }
})(globalThis.timelinePlot);
