// How the figures of many periods were revised: a row for each period, a column for each vintage.
"use strict";
(function (plot) {
  /** Draw the revision triangle of `vintages_data`: colour is how far a figure is from the one first reported. */
  plot.vintages = function (data, options = {}) {
    const pen = plot.pen(options);
    const left = 92, top = 34, right = pen.width - 16;
    const columns = data.vintages.length, rows = data.periods.length;
    const wide = Math.max(3, (right - left) / Math.max(1, columns)), tall = Math.max(12, Math.min(22, 420 / Math.max(1, rows)));
    const moved = data.cells.map((cell) => cell.moved).filter((value) => value !== null && value !== 0);
    const most = d3.quantile(moved.map(Math.abs).sort(d3.ascending), 0.95) || 1;
    let drawn = pen.text(4, 18, data.axis.label, { size: 12, colour: "ink3" });
    for (const cell of data.cells) {
      const [x, y] = [left + cell.vintage * wide, top + cell.period * tall];
      const share = cell.moved === null ? 0 : Math.min(1, Math.abs(cell.moved) / most);
      const colour = cell.moved > 0 ? "f4" : cell.moved < 0 ? "off" : "ghost";
      drawn += pen.rect(x + 0.5, y + 0.5, wide - 1, tall - 1, colour, { opacity: cell.moved ? 0.15 + 0.85 * share : 0.12 });
      const text = pen.number(Math.round(cell.figure * 100) / 100);
      if (plot.widthOf(text, 11) < wide - 4 && tall >= 15) {
        drawn += pen.text(x + wide / 2, y + tall / 2 + 4, text, { size: 11, anchor: "middle", colour: share > 0.55 ? "bg" : "ink" });
      }
    }
    data.periods.forEach((period, index) => {
      if (tall >= 12) drawn += pen.text(left - 8, top + index * tall + tall / 2 + 4, plot.cut(period, left - 10, 12), { size: 12, colour: "ink2", anchor: "end" });
    });
    let end = -Infinity;
    data.vintages.forEach((vintage, index) => {
      const x = left + index * wide + wide / 2;
      const label = vintage.slice(0, 10);
      const width = plot.widthOf(label, 11);
      if (x - width / 2 < end + 8) return;
      drawn += pen.text(x, top - 8, label, { size: 11, colour: "ink3", anchor: "middle" });
      end = x + width / 2;
    });
    return pen.picture(top + rows * tall + 8, drawn, { title: pen.words.vintages(data.name), ground: options.ground });
  };
})(globalThis.timelinePlot);
