// A page that stands by itself: everything is in it, so that any date can be chosen without a server. What
// reads without scripts is drawn by the same functions when the file is written.
"use strict";
(function (page) {
  const html = globalThis.htm.bind(page.asText);
  page.make(html);
  const day = 864e5;
  /** So many reports are shown about the date; all of them where they are asked for. */
  const few = 200;

  /** Return the state of a page with the rows of its facts as rows. */
  page.unpacked = function ({ shared, facts, ...rest }) {
    const rows = (table) => globalThis.timelineUnpacked.rows(shared, table);
    return {
      ...rest,
      facts: facts.map((fact) => ({
        ...fact, cards: rows(fact.cards), evidence: rows(fact.evidence),
        chart: { ...fact.chart, spans: rows(fact.chart.spans), reports: rows(fact.chart.reports) },
      })),
    };
  };

  /** Return the last instant of a day, in the zone of the page: in milliseconds since 1970. */
  function endOf({ ends }, number) {
    const [, shift] = ends.findLast(([from]) => from <= number) ?? ends[0];
    return (number + 1) * day - 1 + shift;
  }

  /** Return what a fact was on a day: the beliefs that held at its end, and which reports were public. */
  page.factOn = function (all, fact, number, whole = false) {
    const iso = new Date(number * day).toISOString().slice(0, 10);
    const end = endOf(all, number);
    const at = (text) => +new Date(text);
    const beliefs = fact.cards
      .filter((card) => at(card.from) <= end && (card.to === null || end < at(card.to)))
      .map((card) => ({ ...card, source_is_later: card.evidence_at !== null && at(card.evidence_at) > end }));
    const evidence = fact.evidence.map((one) => ({ ...one, is_public: at(one.at) <= end }));
    const known = evidence.filter((one) => one.is_public).length;
    const first = Math.max(0, Math.min(known - few / 2, evidence.length - few));
    const shown = whole ? evidence : evidence.slice(first, first + few);
    return {
      ...fact, view: "story", language: all.language, statuses: all.statuses, asked: {}, as_of: iso, beliefs, evidence: shown,
      all_evidence: { known, count: evidence.length }, chart: { ...fact.chart, as_of: new Date(end).toISOString() },
    };
  };

  /** Return all facts on a day as HTML, and the day in words; `whole` are the numbers of those shown whole. */
  page.storyOn = (all, number, whole = new Set()) => ({
    facts: all.facts.map((fact, index) => page.textOf(page.story({ ...page.factOn(all, fact, number, whole.has(index)), index }))).join(""),
    day: page.inWords({ language: all.language }, new Date(number * day).toISOString().slice(0, 10)),
  });
  if (globalThis.document === undefined) return;

  const all = page.unpacked(globalThis.timelineUnpacked.state);
  const field = document.getElementById("day");
  const shown = document.getElementById("shown");
  const whole = new Set();
  let waits = false;

  function paint() {
    waits = false;
    page.chartWidth = Math.max(320, Math.min(800, shown.clientWidth));
    const now = page.storyOn(all, Number(field.value), whole);
    shown.innerHTML = now.facts;
    field.setAttribute("aria-valuetext", now.day);
    document.getElementById("date").textContent = now.day;
  }

  /** Paint with the next frame: a slider moves more often. */
  function soon() {
    if (!waits) requestAnimationFrame(paint);
    waits = true;
  }

  document.documentElement.classList.add("scripted");
  field.addEventListener("input", soon);
  addEventListener("resize", soon);
  shown.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-whole]");
    if (button === null) return;
    whole.add(Number(button.dataset.whole));
    paint();
    shown.querySelectorAll(".evidence .scroll")[Number(button.dataset.whole)].focus();
  });
  paint();
})(globalThis.timelinePage);
