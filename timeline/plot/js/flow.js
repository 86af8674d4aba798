// Who promised what to whom: bands from those who give to those who receive, as wide as the sum.
//
// Takes what `flow_data` of plot/many_facts.py returns: one panel for each date, their flows in groups by firmness.
"use strict";
(function (plot) {
  const slotAtLeast = 58, gap = 8, barWidth = 2.5;

  /** Draw one panel a date, side by side where there is room. */
  plot.flow = function (data, options = {}) {
    const pen = plot.pen(options);
    const beside = data.panels.length > 1 && pen.width >= 900 && options.panel === undefined;
    const space = 80;
    const width = beside ? (pen.width - space) / 2 : pen.width;
    const groups = ["open", "firm"].filter((group) => data.panels.some((panel) => panel.flows.some((flow) => flow.group === group)));
    const scale = scaleOf(data, groups);
    let drawn = "", down = 0;
    data.panels.forEach((panel, index) => {
      if (options.panel !== undefined && options.panel !== index) return;
      const left = beside ? index * (width + space) : 0;
      let y = beside || index === 0 || options.panel !== undefined ? 0 : down + 24;
      if (panel.day && options.panel === undefined) {
        drawn += pen.text(left, y + 28, pen.day(panel.day), { size: 24, weight: 600 });
        y += 44;
      }
      for (const group of groups) {
        const [part, tall] = section(pen, data, panel, index > 0 ? data.panels[index - 1] : null, group, left, y, width, scale);
        drawn += part;
        y += tall;
      }
      if (groups.length === 0) {
        drawn += pen.text(left, y + 20, pen.words.nothing, { colour: "ink3" });
        y += 40;
      }
      down = Math.max(down, y);
    });
    return pen.picture(down + 4, drawn, {
      title: pen.words.flow(data.attribute),
      description: data.panels.flatMap((panel) => panel.flows.map((flow) => `${flow.giver_name} → ${flow.receiver_name}: ${plot.unit(pen.words, flow.claim)}, ${pen.status(flow.status)}`)).join("; "),
      ground: options.ground,
    });
  };

  const most = (flow) => flow.high ?? flow.low ?? 0;
  const least = (flow) => flow.low ?? 0;

  /** Return pixels a unit: the same in every panel and group, so that widths compare. */
  function scaleOf(data, groups) {
    const sums = groups.flatMap((group) => data.panels.map((panel) => d3.sum(panel.flows.filter((flow) => flow.group === group), most)));
    return 210 / Math.max(1e-9, ...sums);
  }

  /** Return who gives in any panel, by size: those of the first panel first, so that the order is the same in all. */
  const givers = (data, group) => {
    const order = new Set();
    for (const panel of data.panels) {
      const sums = d3.rollup(panel.flows.filter((flow) => flow.group === group), (own) => d3.sum(own, most), (flow) => flow.giver);
      for (const giver of [...sums.keys()].sort((a, b) => d3.descending(sums.get(a), sums.get(b)) || d3.ascending(a, b))) order.add(giver);
    }
    return [...order];
  };

  const heightOf = (flow, scale) => Math.max(2, most(flow) * scale) + (flow.high === null ? 5 : 0);

  function section(pen, data, panel, before, group, left, top, width, scale) {
    const flows = panel.flows.filter((flow) => flow.group === group);
    let drawn = pen.line(left, top, left + width, top, "line2");
    const [name, kinds] = group === "firm" ? [pen.words.binding, pen.words.bindingKinds] : [pen.words.notBinding, pen.words.notBindingKinds];
    drawn += pen.text(left, top + 23, [[name, { weight: 600 }], [`   ${plot.cut(kinds, width - plot.widthOf(name, 13, 600) - 40, 13)}`, { colour: "ink2" }]]);
    const [barLeft, barRight] = [left + Math.min(152, width * 0.3), left + width - Math.min(152, width * 0.3)];
    // A giver keeps its slot in every panel.
    const slots = new Map();
    let y = top + 44;
    for (const giver of givers(data, group)) {
      const tall = Math.max(...data.panels.map((each) => d3.sum(each.flows.filter((flow) => flow.group === group && flow.giver === giver), (flow) => heightOf(flow, scale))));
      slots.set(giver, y);
      y += Math.max(tall, slotAtLeast) + gap;
    }
    const bottom = y;
    const order = [...slots.keys()];
    const receivers = d3.groups(d3.sort(flows, (flow) => order.indexOf(flow.giver)), (flow) => flow.receiver);
    // Each receiver is as high as all that it is promised, about the middle of those who give.
    let free = top + 44;
    for (const [receiver, own] of receivers) {
      const tall = d3.sum(own, (flow) => heightOf(flow, scale)) + 2 * (own.length - 1);
      const middle = d3.mean(own, (flow) => slots.get(flow.giver) + heightOf(flow, scale) / 2);
      let at = Math.max(free, middle - tall / 2);
      const start = at;
      for (const flow of own) {
        const high = heightOf(flow, scale);
        const offset = d3.sum(flows.filter((other) => other.giver === flow.giver && flows.indexOf(other) < flows.indexOf(flow)), (other) => heightOf(other, scale));
        drawn += band(pen, flow, barLeft + 3, slots.get(flow.giver) + offset, barRight - 4, at, scale);
        at += high + 2;
      }
      drawn += pen.rect(barRight, start, barWidth, at - start - 2, "ink");
      drawn += receiverText(pen, own, barRight + 12, start + (at - start) / 2, data);
      free = Math.max(at + 14, start + 52);
    }
    for (const giver of slots.keys()) {
      drawn += giverText(pen, data, flows.filter((flow) => flow.giver === giver), before, group, giver, left, barLeft, slots.get(giver), scale);
    }
    return [drawn, Math.max(bottom, free) - top + 6];
  }

  /** Draw one band: filled as far as it is sure, pale beyond, dashed where it ends at most there. */
  function band(pen, flow, x1, y1, x2, y2, scale) {
    const mark = plot.firmness(flow.status);
    const middle = (x1 + x2) / 2;
    const curve = (from, to) => `${plot.n(x1)} ${plot.n(y1 + from)}C${plot.n(middle)} ${plot.n(y1 + from)} ${plot.n(middle)} ${plot.n(y2 + from)} ${plot.n(x2)} ${plot.n(y2 + from)}` +
      (to === undefined ? "" : `L${plot.n(x2)} ${plot.n(y2 + to)}C${plot.n(middle)} ${plot.n(y2 + to)} ${plot.n(middle)} ${plot.n(y1 + to)} ${plot.n(x1)} ${plot.n(y1 + to)}Z`);
    const sure = least(flow) * scale, all = heightOf(flow, scale);
    const strong = flow.group === "firm" ? 1 : 0.5;
    let drawn = "";
    if (sure > 0) drawn += pen.path(`M${curve(0, Math.max(2, sure))}`, mark.colour, { filled: true, opacity: strong });
    if (all > sure + 0.5) drawn += pen.path(`M${curve(sure, all)}`, mark.colour, { filled: true, opacity: 0.14 });
    if (sure === 0) drawn += pen.path(`M${curve(0)}`, mark.colour);
    if (flow.high !== null && flow.high !== flow.low) drawn += pen.path(`M${curve(all)}`, mark.colour, { dashes: "4 3" });
    if (flow.rival) drawn += pen.path(`M${curve(all + 4)}`, "dis", { dashes: "2 2", width: 1.25 });
    // The page lets a band change its height: it finds the same one in the next picture.
    return `<g data-band="${plot.escape(`${flow.giver} ${flow.receiver} ${flow.fact ?? ""}`)}">${drawn}</g>`;
  }

  const sumText = (pen, value) => pen.number(Math.round(value * 100) / 100);

  function claimText(pen, flow) {
    if (flow.low === null) return `${pen.words.upTo} ${sumText(pen, flow.high)}`;
    if (flow.high === null) return /\d/.test(flow.claim) ? `${pen.words.moreThan} ${sumText(pen, flow.low)}` : plot.unit(pen.words, flow.claim.replace(/ (trillion|billion|million) .*$/, ""));
    return flow.low === flow.high ? sumText(pen, flow.low) : `${sumText(pen, flow.low)}–${sumText(pen, flow.high)}`;
  }

  function giverText(pen, data, own, before, group, giver, left, barLeft, y, scale) {
    const earlier = (before?.flows ?? []).filter((flow) => flow.group === group && flow.giver === giver);
    const name = [...own, ...data.panels.flatMap((panel) => panel.flows)].find((flow) => flow.giver === giver).giver_name;
    if (own.length === 0) return "";
    let drawn = pen.text(left, y + 11, plot.cut(name, barLeft - left - 10, 14, 600), { size: 14, weight: 600 });
    const flow = own[0];
    const was = earlier.length ? (claimText(pen, earlier[0]) === claimText(pen, flow) ? "" : pen.words.was(claimText(pen, earlier[0]))) : before ? pen.words.new : "";
    const claims = own.map((each) => claimText(pen, each)).join(", ");
    drawn += pen.text(left, y + 30, [[claims], [was ? ` ${plot.cut(was, barLeft - left - 12 - plot.widthOf(claims, 14), 14)}` : "", { colour: "ink3" }]], { size: 14 });
    drawn += pen.glyph(left + 6, y + 45, flow.status) + pen.text(left + 17, y + 49.5, plot.cut(pen.status(flow.status), barLeft - left - 22, 12), { size: 12, colour: "ink2" });
    const tall = d3.sum(own, (each) => heightOf(each, scale));
    drawn += pen.rect(barLeft, y, barWidth, tall, "ink");
    const old = d3.sum(earlier, (each) => heightOf(each, scale));
    if (old > tall + 1) {
      drawn += pen.line(barLeft + 1, y + tall, barLeft + 1, y + old, "ghost", { dashes: "1.5 2.5" }) + pen.line(barLeft - 4, y + old, barLeft + 6, y + old, "ghost");
    }
    if (flow.rival) drawn += pen.text(left, y + 65, plot.cut(`≠ ${flow.rival.replace(/( trillion| billion| million)? [A-Z]{3}(?=,)/, "")}`, barLeft - left - 6, 12), { size: 12, colour: "dis" });
    return drawn;
  }

  function receiverText(pen, own, x, y, data) {
    const low = d3.sum(own, least), high = own.some((flow) => flow.high === null) ? null : d3.sum(own, most);
    const sum = high === null ? pen.words.atLeast(sumText(pen, low)) : low === high ? sumText(pen, low) : `${sumText(pen, low)}–${sumText(pen, high)}`;
    const room = pen.width - x;
    return pen.text(x, y - 2, plot.cut(own[0].receiver_name, room, 15, 600), { size: 15, weight: 600 }) +
      pen.text(x, y + 16, `${sum} ${plot.unit(pen.words, data.axis.label).split(" ")[0]}`, { size: 12, colour: "ink2" }) +
      (own[0].group === "open" && own.length > 1 ? pen.text(x, y + 32, pen.words.ifAll, { size: 12, colour: "ink2" }) : "");
  }
})(globalThis.timelinePlot);
