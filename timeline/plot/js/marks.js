// The marks that every picture is made of: colours, glyphs of statuses, text, numbers and dates.
//
// Everything is a string of SVG. Colours are written out, so that a file stands by itself, and carry a class
// beside them, so that a page can give them those of its own theme.
"use strict";
globalThis.timelinePlot = globalThis.timelinePlot ?? {};
(function (plot) {
  plot.themes = {
    light: {
      bg: "#fcfcfa", line: "#e6e6e1", line2: "#bfc1c0", ink: "#15171c", ink2: "#4f5664", ink3: "#687080",
      ghost: "#8b919b", f1: "#7a89a3", f2: "#5f7fb4", f3: "#4272bd", f4: "#2a5fae", f5: "#1a468f",
      f6: "#0b2559", off: "#b4430c", dis: "#96277c",
    },
    dark: {
      bg: "#0f1216", line: "#232931", line2: "#4a535f", ink: "#eceef1", ink2: "#aab2be", ink3: "#8b94a2",
      ghost: "#7d8693", f1: "#72829c", f2: "#7196d0", f3: "#86aee6", f4: "#a5c6f3", f5: "#c6dcfa",
      f6: "#eef5ff", off: "#f29055", dis: "#e78fcf",
    },
  };
  plot.font = "system-ui, -apple-system, 'Segoe UI', Roboto, Inter, 'Helvetica Neue', Arial, sans-serif";

  // Firmness: a shape first, a colour second, a line third.
  const ring = (part) => ({ shape: "ring", part });
  const firmness = {
    rumored: { ...ring(0), dotted: true, colour: "f1", dashes: "1.5 2.5" },
    alleged: { ...ring(0), dotted: true, colour: "f1", dashes: "1.5 2.5" },
    considered: { ...ring(0), colour: "f2", dashes: "3 3" },
    planned: { ...ring(0.25), colour: "f3", dashes: "5 3" },
    announced: { ...ring(0.25), colour: "f3", dashes: "5 3" },
    "letter-of-intent": { ...ring(0.5), colour: "f4", dashes: "7 3" },
    "in-negotiation": { ...ring(0.5), colour: "f4", dashes: "7 3" },
    committed: { ...ring(0.75), colour: "f5", dashes: "", width: 2.5 },
    agreed: { ...ring(0.75), colour: "f5", dashes: "", width: 2.5 },
    completed: { ...ring(1), colour: "f6", dashes: "", width: 3.5 },
    forecast: { shape: "square", part: 0, dotted: true, colour: "f3", dashes: "2.5 2" },
    estimated: { shape: "square", part: 0.5, colour: "f4", dashes: "" },
    actual: { shape: "square", part: 1, colour: "f6", dashes: "", width: 2.5 },
    suspended: { shape: "pause", colour: "off", dashes: "2 3" },
    cancelled: { shape: "cross", colour: "off", dashes: "2 3" },
    denied: { shape: "stroke", colour: "off", dashes: "2 3" },
  };
  const unknown = { ...ring(0), colour: "f2", dashes: "3 3" };
  plot.firmness = (status) => ({ width: 2, ...(firmness[status] ?? unknown) });
  plot.statuses = Object.keys(firmness);

  // What XML cannot hold, and what changes the direction of what follows, becomes a mark.
  const hidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g;
  const alone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

  plot.escape = (text) =>
    String(text)
      .replace(hidden, "\ufffd")
      .replace(alone, "\ufffd")
      .replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);

  const rounded = (value) => {
    const text = (Math.round(value * 100) / 100).toFixed(2);
    return text.replace(/\.?0+$/, "").replace(/^-0$/, "0");
  };
  plot.n = rounded;

  /** Return a tool that draws with one theme, in one language. */
  plot.pen = function (options = {}) {
    const theme = plot.themes[options.theme ?? "light"];
    const words = plot.words[options.language ?? "en"] ?? plot.words.en;
    const prefix = options.id ?? "t";
    let gradients = 0;
    const pen = { words, width: options.width ?? 800, theme };

    pen.fill = (colour) => (colour === "none" ? `fill="none"` : `fill="${theme[colour]}" class="c-${colour}"`);
    const stroke = (colour) => `stroke="${theme[colour]}" class="s-${colour}"`;

    pen.line = (x1, y1, x2, y2, colour, { width = 1, dashes = "", cap = "" } = {}) =>
      `<line x1="${rounded(x1)}" y1="${rounded(y1)}" x2="${rounded(x2)}" y2="${rounded(y2)}" ${stroke(colour)} ` +
      `stroke-width="${width}"${dashes ? ` stroke-dasharray="${dashes}"` : ""}${cap ? ` stroke-linecap="${cap}"` : ""}/>`;
    pen.path = (d, colour, { width = 1, dashes = "", filled = false, opacity = 1 } = {}) =>
      filled
        ? `<path d="${d}" ${pen.fill(colour)}${opacity === 1 ? "" : ` fill-opacity="${opacity}"`}/>`
        : `<path d="${d}" fill="none" ${stroke(colour)} stroke-width="${width}"${dashes ? ` stroke-dasharray="${dashes}"` : ""}/>`;
    pen.rect = (x, y, width, height, colour, { opacity = 1, radius = 0 } = {}) =>
      `<rect x="${rounded(x)}" y="${rounded(y)}" width="${rounded(Math.max(0, width))}" height="${rounded(Math.max(0, height))}" ` +
      `${radius ? `rx="${radius}" ` : ""}${pen.fill(colour)}${opacity === 1 ? "" : ` fill-opacity="${opacity}"`}/>`;
    pen.dot = (x, y, radius, colour) =>
      `<circle cx="${rounded(x)}" cy="${rounded(y)}" r="${radius}" ${pen.fill(colour)}/>`;

    /** Draw text; `parts` is a text, or a list of [text, {weight, colour, struck}]. */
    pen.text = (x, y, parts, { size = 13, colour = "ink", anchor = "start", weight = 400, halo = false } = {}) => {
      const runs = typeof parts === "string" ? [[parts, {}]] : parts;
      const inner = runs
        .map(([text, of = {}]) => {
          const more =
            (of.weight ? ` font-weight="${of.weight}"` : "") +
            (of.colour ? ` ${pen.fill(of.colour)}` : "") +
            (of.struck ? ` text-decoration="line-through"` : "");
          return more ? `<tspan${more}>${plot.escape(text)}</tspan>` : plot.escape(text);
        })
        .join("");
      const under = halo ? ` stroke="${theme.bg}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"` : "";
      return (
        `<text x="${rounded(x)}" y="${rounded(y)}" font-size="${size}"${anchor === "start" ? "" : ` text-anchor="${anchor}"`}` +
        `${weight === 400 ? "" : ` font-weight="${weight}"`} ${pen.fill(colour)}${under} xml:space="preserve">${inner}</text>`
      );
    };

    /** Return the attribute for a fill that fades along a line, with its definition before it. */
    pen.fade = (colour, x1, y1, x2, y2, from, to) => {
      const id = `${prefix}-g${(gradients += 1)}`;
      const stop = (offset, opacity) =>
        `<stop offset="${offset}" stop-color="${theme[colour]}" class="g-${colour}" stop-opacity="${opacity}"/>`;
      return [
        `<linearGradient id="${id}" gradientUnits="userSpaceOnUse" x1="${rounded(x1)}" y1="${rounded(y1)}" ` +
          `x2="${rounded(x2)}" y2="${rounded(y2)}">${stop(0, from)}${stop(1, to)}</linearGradient>`,
        `fill="url(#${id})"`,
      ];
    };

    /** Draw the glyph of a status around a point; `ghost` takes its colour away. */
    pen.glyph = (x, y, status, { radius = 5.5, ghost = false } = {}) => {
      const of = plot.firmness(status);
      const colour = ghost ? "ghost" : of.colour;
      const at = (dx, dy) => `${rounded(x + dx)} ${rounded(y + dy)}`;
      const thin = 1.5;
      const r = radius - thin / 2;
      const ground = of.shape === "square"
        ? `<rect x="${rounded(x - r)}" y="${rounded(y - r)}" width="${rounded(2 * r)}" height="${rounded(2 * r)}" rx="1.5" ${pen.fill("bg")}/>`
        : pen.dot(x, y, rounded(radius), "bg");
      let drawn;
      if (of.shape === "ring") {
        const outline =
          `<circle cx="${rounded(x)}" cy="${rounded(y)}" r="${rounded(r)}" ` +
          `${of.part === 1 ? pen.fill(colour) : `fill="none" ${stroke(colour)} stroke-width="${thin}"`}` +
          `${of.dotted ? ` stroke-dasharray="1.6 1.6"` : ""}/>`;
        const inside = radius - 0.4;
        const end = 2 * Math.PI * of.part - Math.PI / 2;
        const wedge =
          of.part > 0 && of.part < 1
            ? pen.path(
                `M${at(0, 0)}L${at(0, -inside)}A${rounded(inside)} ${rounded(inside)} 0 ${of.part > 0.5 ? 1 : 0} 1 ` +
                  `${at(inside * Math.cos(end), inside * Math.sin(end))}Z`,
                colour,
                { filled: true },
              )
            : "";
        drawn = outline + wedge;
      } else if (of.shape === "square") {
        const side = 2 * r;
        drawn =
          `<rect x="${rounded(x - r)}" y="${rounded(y - r)}" width="${rounded(side)}" height="${rounded(side)}" rx="1.5" ` +
          `${of.part === 1 ? pen.fill(colour) : `fill="none" ${stroke(colour)} stroke-width="${thin}"`}` +
          `${of.dotted ? ` stroke-dasharray="2 1.6"` : ""}/>` +
          (of.part === 0.5 ? pen.rect(x - r, y, side, r, colour) : "");
      } else if (of.shape === "cross") {
        const arm = radius - 1.5;
        drawn = pen.path(`M${at(-arm, -arm)}L${at(arm, arm)}M${at(arm, -arm)}L${at(-arm, arm)}`, colour, { width: 2 });
      } else {
        const outline = `<circle cx="${rounded(x)}" cy="${rounded(y)}" r="${rounded(r)}" fill="none" ${stroke(colour)} stroke-width="${thin}"/>`;
        const bar = radius * 0.4;
        drawn =
          of.shape === "pause"
            ? outline + pen.path(`M${at(-1.4, -bar)}L${at(-1.4, bar)}M${at(1.4, -bar)}L${at(1.4, bar)}`, colour, { width: 1.4 })
            : outline + pen.path(`M${at(-r * 0.68, r * 0.68)}L${at(r * 0.68, -r * 0.68)}`, colour, { width: 1.4 });
      }
      return ground + drawn;
    };

    /** Return a whole picture. `title` and `description` are for those who do not see it. */
    pen.picture = (height, body, { title = "", description = "", ground = false } = {}) =>
      `<svg xmlns="http://www.w3.org/2000/svg" class="timeline-plot" width="${rounded(pen.width)}" height="${rounded(height)}" ` +
      `viewBox="0 0 ${rounded(pen.width)} ${rounded(height)}" role="img" aria-label="${plot.escape(title)}" ` +
      `font-family="${plot.escape(plot.font)}" font-size="13" style="font-variant-numeric:tabular-nums">` +
      `<title>${plot.escape(title)}</title>${description ? `<desc>${plot.escape(description)}</desc>` : ""}` +
      `${ground ? `<rect width="100%" height="100%" ${pen.fill("bg")}/>` : ""}${body}</svg>`;

    /** Return the name of a status as people read it. */
    pen.status = (status) => words.statuses?.[status] ?? String(status ?? "").replace(/-/g, " ");
    pen.day = (moment) => dayIn(words, moment);
    pen.number = (value) => numberIn(words, value);
    return pen;
  };

  function dayIn(words, moment) {
    const date = new Date(moment);
    return words.day(date.getUTCDate(), words.months[date.getUTCMonth()], yearOf(date));
  }
  const yearOf = (date) => String(date.getUTCFullYear());

  function numberIn(words, value) {
    const [whole, fraction] = String(value).split(".");
    const sign = whole.startsWith("-") ? "\u2212" : "";
    const digits = whole.replace("-", "");
    const grouped = digits.length > 3 ? digits.replace(/\B(?=(\d{3})+$)/g, "\u2009") : digits;
    return sign + grouped + (fraction ? words.point + fraction : "");
  }

  plot.numberIn = numberIn;

  /** Return the words of an amount or of its unit in the language; figures and units stay. */
  plot.unit = (words, text) =>
    words.claims ? String(text).replace(/[a-z]+(?: (?:to|than|least|most))?/g, (word) => words.claims[word] ?? word) : String(text);

  /** Return the figure of a claim as it is written in the language: 5000–6000.5 as "5 000–6 000,5". */
  plot.figure = (words, text) => String(text).replace(/\d+(?:\.\d+)?/g, (number) => numberIn(words, number));

  /** Return one date of a span in words, with its parts; null for what is none. */
  function dateIn(words, part) {
    const found = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?([~?%]?)$/.exec(part ?? "");
    if (!found) return null;
    const [, year, month, day, mark] = found;
    const about = mark ? `${words.about} ` : "";
    if (!month) return { about, year, text: year };
    if (month >= "33" && month <= "36") return { about, year, text: `${words.quarter}${month - 32} ${year}` };
    if (month < "01" || month > "12") return null;
    const name = words.months[month - 1];
    return { about, year, month: Number(month), name, day: day && Number(day), text: day ? words.day(Number(day), name, year) : `${name} ${year}` };
  }

  /** Return a span as people read it: "2024–2027", "by 2030", "from 2025", "October 2024–March 2025", "Q1 2024". */
  plot.span = function (words, text) {
    const [first, last] = text.split("/");
    const [a, b] = [dateIn(words, first), dateIn(words, last)];
    if (last === undefined) return a ? a.about + a.text : text;
    if ((first === ".." || first === "") && b) return words.by(b.text);
    if ((last === ".." || last === "") && a) return words.from(a.text);
    if (!a || !b) return text;
    if (a.year === b.year && a.month && b.month && !a.day && !b.day) {
      const isQuarter = b.month - a.month === 2 && b.month % 3 === 0;
      return isQuarter ? `${words.quarter}${b.month / 3} ${a.year}` : `${a.name}–${b.name} ${a.year}`;
    }
    if (a.year === b.year && a.month === b.month && a.day && b.day) return `${a.day}–${b.text}`;
    return `${a.text}–${b.text}`;
  };

  // Widths of letters as shares of the size, near those of the fonts above: what decides where a text has room.
  const narrow = "iljt.,:;'|!()[]fI ", wide = "mwMW%@—→";
  const share = (sign) =>
    narrow.includes(sign) ? 0.3 : wide.includes(sign) ? 0.88 : sign.codePointAt(0) > 0x2e80 ? 1 : sign >= "A" && sign <= "Z" ? 0.68 : 0.57;
  const scaled = (sum, size, weight) => sum * size * (weight >= 600 ? 1.06 : 1);
  plot.widthOf = (text, size = 13, weight = 400) => {
    let sum = 0;
    for (const sign of String(text)) sum += share(sign);
    return scaled(sum, size, weight);
  };

  /** Return a text cut to a width, with an ellipsis where something is left out. Reads no more of it than fits. */
  plot.cut = (text, width, size = 13, weight = 400) => {
    let sum = 0, length = 0, kept = 0;
    for (const sign of String(text)) {
      sum += share(sign);
      length += sign.length;
      if (scaled(sum + share("…"), size, weight) <= width) kept = length;
      else if (scaled(sum, size, weight) > width) return kept ? `${String(text).slice(0, kept).trimEnd()}…` : "";
    }
    return String(text);
  };

  /** Return what keeps labels off each other: `place` answers whether a box was free, and takes it. */
  plot.room = function (left, top, right, bottom) {
    const taken = new Map(), cell = 32;
    const cells = function* ([x1, y1, x2, y2]) {
      for (let column = Math.floor(x1 / cell); column <= Math.floor(x2 / cell); column++) {
        for (let row = Math.floor(y1 / cell); row <= Math.floor(y2 / cell); row++) yield `${column} ${row}`;
      }
    };
    const meets = (box, other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3];
    const take = (box) => {
      for (const key of cells(box)) {
        if (taken.has(key)) taken.get(key).push(box);
        else taken.set(key, [box]);
      }
    };
    return {
      take: (x, y, width, height) => take([x, y, x + width, y + height]),
      place(x, y, width, height) {
        const box = [x, y, x + width, y + height];
        if (!(box[0] >= left && box[1] >= top && box[2] <= right && box[3] <= bottom)) return false;
        for (const key of cells(box)) if (taken.get(key)?.some((other) => meets(box, other))) return false;
        take(box);
        return true;
      },
    };
  };

  // The axis of time

  const steps = [
    [1, "day"], [2, "day"], [7, "day"], [1, "month"], [2, "month"], [3, "month"], [6, "month"],
    [1, "year"], [2, "year"], [5, "year"], [10, "year"], [20, "year"], [50, "year"], [100, "year"],
  ];
  const lasts = { day: 86400e3, month: 30.44 * 86400e3, year: 365.25 * 86400e3 };

  /** Return the ticks of a scale of time: `{date, label, year}`, as many as have room. */
  plot.timeTicks = function (scale, pen, room = 62) {
    const [from, to] = scale.domain();
    const [start, end] = scale.range();
    const per = (to - from) / Math.max(1, Math.abs(end - start));
    const [count, unit] = steps.find(([n, u]) => n * lasts[u] >= room * per) ?? steps[steps.length - 1];
    const every = { day: d3.utcDay, month: d3.utcMonth, year: d3.utcYear }[unit];
    const dates =
      unit === "day" && count > 1
        ? every.range(from, new Date(+to + 1)).filter((date) => (date.getUTCDate() - 1) % count === 0 && date.getUTCDate() < 30)
        : every.every(count).range(every.ceil(from), new Date(+to + 1));
    return dates.map((date) => {
      const begins = date.getUTCMonth() === 0 && date.getUTCDate() === 1;
      const month = pen.words.shorts[date.getUTCMonth()];
      const label = begins || unit === "year" ? yearOf(date) : unit === "day" ? `${date.getUTCDate()} ${month}` : month;
      return { date, label, year: begins };
    });
  };

  /** Draw an axis of time at a height. */
  plot.timeAxis = function (pen, scale, y) {
    const [left, right] = scale.range();
    let drawn = pen.line(left, y, right, y, "line2");
    let end = -Infinity;
    for (const tick of plot.timeTicks(scale, pen)) {
      const x = scale(tick.date);
      drawn += pen.line(x, y, x, y + 5, "line2");
      const width = plot.widthOf(tick.label, 12, tick.year ? 600 : 400);
      if (x + 3 < end + 6 || x + 3 + width > right + 20) continue;
      drawn += pen.text(x + 3, y + 17, tick.label, { size: 12, colour: tick.year ? "ink" : "ink3", weight: tick.year ? 600 : 400 });
      end = x + 3 + width;
    }
    return drawn;
  };
})(globalThis.timelinePlot);
