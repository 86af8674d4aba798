// One value on a track, small enough for a row of a table: where it lies, and how sure it is.
"use strict";
(function (plot) {
  const logScale = (axis, width) => d3.scaleLog().domain([axis.low, axis.high]).range([0, width]).clamp(true);
  const percent = (width) => d3.scaleLinear().domain([0, 100]).range([0, width]).clamp(true);

  /** Return the scale of a track; `axis` has `percent`, or the figures `low` and `high` that it spans. */
  plot.track = (axis, width) => (axis.percent ? percent(width) : logScale(axis, width));

  /**
   * Draw a value: `low` and `high` in the unit of the axis, null where unbounded.
   *
   * `rival` is another origin's figure, `before` the bounds that were believed earlier.
   */
  plot.value = function (value, options = {}) {
    const pen = plot.pen({ ...options, width: options.width ?? 180 });
    const width = pen.width, height = options.height ?? 22, middle = height / 2;
    const x = plot.track(value.axis, width);
    const place = (figure) => Math.min(width - 6, Math.max(6, x(Math.max(figure, value.axis.percent ? 0 : value.axis.low))));
    const colour = plot.firmness(value.status).colour;
    const { low, high } = value;
    let drawn = "";
    if (value.axis.percent) {
      drawn += pen.line(1, middle, width - 1, middle, "line2");
      for (const end of [1, width - 1]) drawn += pen.line(end, middle - 4, end, middle + 4, "line2");
    } else {
      for (const tick of [1, 10, 100, 1000].map((step) => value.axis.low * step).filter((tick) => tick <= value.axis.high)) {
        drawn += pen.line(Math.min(width - 0.5, Math.max(0.5, x(tick))), 0, Math.min(width - 0.5, Math.max(0.5, x(tick))), height, "line");
      }
    }
    const stop = (at, of = colour, tall = 6) => pen.line(at, middle - tall, at, middle + tall, of, { width: 2 });
    const band = (from, to, first, last) => {
      const [gradient, fill] = pen.fade(colour, from, 0, to, 0, first, last);
      return `<defs>${gradient}</defs><rect x="${plot.n(from)}" y="${plot.n(middle - 4)}" width="${plot.n(Math.max(0, to - from))}" height="8" ${fill}/>`;
    };
    const before = value.before ?? null;
    if (before !== null) drawn += earlier(pen, before, place, middle, headline(value));
    const outside = !value.axis.percent && low !== null && low > value.axis.high;
    if (outside) {
      drawn += pen.glyph(width - 20, middle, value.status) + pen.text(width - 12, middle + 4, "»", { size: 13, colour: "ink2" });
    } else if (low === null && high !== null) {
      drawn += band(2, place(high), 0, 0.7) + stop(place(high)) + pen.glyph(Math.max(8, place(high) - 12), middle, value.status);
    } else if (high === null && low !== null) {
      const end = Math.min(width - 4, place(low) + 52);
      drawn += band(place(low), end, 0.7, 0.05) + stop(place(low)) + pen.glyph(Math.min(width - 8, place(low) + 11), middle, value.status);
      drawn += pen.path(`M${plot.n(end - 3)} ${middle - 3}L${plot.n(end)} ${middle}L${plot.n(end - 3)} ${middle + 3}`, colour, { width: 1.25 });
    } else if (low !== null && low !== high) {
      const [from, to] = [place(low), place(high)];
      drawn += band(from, to, 0.45, 0.45) + stop(from) + stop(to);
      if (to - from > 24) drawn += pen.glyph((from + to) / 2, middle, value.status);
    } else if (low !== null) {
      if (value.approximate) drawn += band(place(low * 0.9), place(low * 1.1), 0.3, 0.3);
      drawn += pen.glyph(place(low), middle, value.status);
    }
    if (value.rival !== undefined && value.rival !== null) drawn += stop(place(value.rival), "dis");
    return pen.picture(height, drawn, { title: value.claim ?? "" });
  };

  const headline = ({ low, high }) => high ?? low;

  /** Draw the value that was believed earlier, with an arrow to the later one where there is room for it. */
  function earlier(pen, before, place, middle, later) {
    const ends = [before.low, before.high].filter((end) => end !== null).map(place);
    const [gradient, fill] = pen.fade("ghost", 0, 0, ends[0], 0, 0, 0.5);
    let drawn = before.low === null ? `<defs>${gradient}</defs><rect x="2" y="${middle - 4}" width="${plot.n(Math.max(0, ends[0] - 2))}" height="8" ${fill}/>` : "";
    drawn += ends.map((end) => pen.line(end, middle - 6, end, middle + 6, "ghost", { width: 2 })).join("");
    if (ends.length === 2 && ends[0] !== ends[1]) drawn += pen.rect(ends[0], middle - 4, ends[1] - ends[0], 8, "ghost", { opacity: 0.35 });
    const [from, to] = [place(headline(before)), place(later)];
    const way = Math.sign(to - from);
    if (Math.abs(to - from) < 24) return drawn;
    const [start, end] = [from + 4 * way, to - 10 * way];
    return drawn + pen.path(`M${plot.n(start)} ${middle}H${plot.n(end)}M${plot.n(end - 4 * way)} ${middle - 4}L${plot.n(end)} ${middle}L${plot.n(end - 4 * way)} ${middle + 4}`, "ink2", { width: 1.25 });
  }

  /** Draw the glyph of a status alone. */
  plot.status = function ({ status }, options = {}) {
    const pen = plot.pen({ ...options, width: 14 });
    return pen.picture(14, pen.glyph(7, 7, status, { ghost: options.ghost }), { title: pen.status(status) });
  };
})(globalThis.timelinePlot);
