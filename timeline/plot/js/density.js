// How many reports came out each day: the bars along which the date is chosen.
"use strict";
(function (plot) {
  /** Draw bars over the days; `data` has `days` ([[ISO day, count], …]), `domain`, `as_of` and `earlier`. */
  plot.density = function (data, options = {}) {
    const pen = plot.pen(options);
    const height = options.height ?? 64;
    const x = d3.scaleUtc().domain(data.domain.map((text) => new Date(text))).range([0, pen.width]);
    const most = d3.max(data.days, ([, count]) => count) ?? 1;
    const y = d3.scaleLinear().domain([0, most]).range([0, height - 8]);
    const asOf = data.as_of === null ? Infinity : +new Date(data.as_of);
    const earlier = data.earlier ? +new Date(data.earlier) : -Infinity;
    // Days that fall on one pixel are one bar, as high as the highest of them.
    const bars = new Map();
    for (const [day, count] of data.days) {
      const at = new Date(day);
      const place = Math.round(x(at) / 2) * 2;
      const key = `${place} ${+at <= asOf}`;
      const old = bars.get(key);
      if (!old || old.count < count) bars.set(key, { place, count, seen: +at <= asOf, between: +at > earlier });
    }
    // One path for all bars that look the same: the picture is made again for each day that is passed.
    const paths = { ink: "", ghost: "", later: "" };
    for (const { place, count, seen, between } of bars.values()) {
      const tall = Math.max(2, y(count));
      paths[!seen ? "later" : between ? "ink" : "ghost"] += `M${place - 1} ${height - 4}v-${plot.n(tall)}h2V${height - 4}z`;
    }
    let drawn = "";
    for (const [name, d] of Object.entries(paths)) {
      if (d) drawn += pen.path(d, name === "ink" ? "ink" : "ghost", { filled: true, opacity: name === "later" ? 0.6 : 1 });
    }
    drawn += plot.timeAxis(pen, x, height);
    return pen.picture(height + 22, drawn, { title: pen.words.density, ground: options.ground });
  };
})(globalThis.timelinePlot);
