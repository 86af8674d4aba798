// How the figures of many periods were revised: a row for each period, a column for each vintage.
"use strict";
(function (plot) {
  /**
   * Draw the revision triangle of `vintages_data`: colour is how far a figure is from the one first reported.
   *
   * A figure holds from its vintage until the next one of its period. The period `marked` is set in bold.
   */
  plot.vintages = function (data, options = {}) {
    const pen = plot.pen(options);
    const left = 92, top = 40, right = pen.width - 16;
    const columns = data.vintages.length, rows = data.periods.length;
    const wide = (right - left) / Math.max(1, columns), tall = Math.max(16, Math.min(24, 420 / Math.max(1, rows)));
    const moved = data.cells.map((cell) => cell.moved).filter((value) => value !== null && value !== 0);
    const most = d3.quantile(moved.map(Math.abs).sort(d3.ascending), 0.95) || 1;
    let drawn = pen.text(4, 18, plot.unit(pen.words, data.axis.label), { size: 12, colour: "ink3" });
    for (const own of d3.group(data.cells, (cell) => cell.period).values()) {
      const cells = d3.sort(own, (cell) => cell.vintage);
      cells.forEach((cell, index) => {
        const [x, y] = [left + cell.vintage * wide, top + cell.period * tall];
        const width = ((cells[index + 1]?.vintage ?? columns) - cell.vintage) * wide;
        const share = cell.moved === null ? 0 : Math.min(1, Math.abs(cell.moved) / most);
        const colour = cell.moved > 0 ? "f4" : cell.moved < 0 ? "off" : "ghost";
        drawn += pen.rect(x + 0.5, y + 0.5, Math.max(1, width - 1), tall - 1, colour, { opacity: cell.moved ? 0.15 + 0.85 * share : 0.12 });
        const text = pen.number(Math.round(cell.figure * 100) / 100);
        // Between the two, no colour of letters has enough contrast.
        const clear = cell.moved === 0 || cell.moved === null || share < 0.35 || share > 0.9;
        if (clear && plot.widthOf(text, 11) < width - 8) {
          drawn += pen.text(x + 5, y + tall / 2 + 4, text, { size: 11, colour: share > 0.9 ? "bg" : "ink" });
        }
      });
    }
    data.periods.forEach((period, index) => {
      const isMarked = period === data.marked;
      drawn += pen.text(left - 8, top + index * tall + tall / 2 + 4, plot.cut(plot.span(pen.words, period), left - 10, 12), { size: 12, colour: isMarked ? "ink" : "ink2", weight: isMarked ? 600 : 400, anchor: "end" });
    });
    let end = left - 8;
    data.vintages.forEach((vintage, index) => {
      const x = left + index * wide;
      const label = vintage.slice(0, 10);
      const width = plot.widthOf(label, 11);
      drawn += pen.line(x, top - 4, x, top, "line2");
      if (x < end + 10 || x + width > pen.width) return;
      drawn += pen.text(x, top - 8, label, { size: 11, colour: "ink3" });
      end = x + width;
    });
    return pen.picture(top + rows * tall + 8, drawn, { title: pen.words.vintages(data.name), ground: options.ground });
  };
})(globalThis.timelinePlot);
