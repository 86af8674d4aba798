// A page that stands by itself: everything is in it, so that any date can be chosen without a server.
"use strict";
(function (page) {
  const html = globalThis.htm.bind(page.asText);
  page.make(html);
  const all = JSON.parse(document.getElementById("state").textContent);
  const field = document.getElementById("day");
  const shown = document.getElementById("shown");
  const day = 864e5;

  /** Return what a fact was on a day: the beliefs that held at its end, and which reports were public. */
  function asOf(fact, iso) {
    const end = `${iso}T23:59:59.999Z`;
    const beliefs = fact.cards
      .filter((card) => card.from <= end && (card.to === null || end < card.to))
      .map((card) => ({ ...card, source_is_later: card.evidence_at !== null && card.evidence_at > iso }));
    const evidence = fact.evidence.map((one) => ({ ...one, is_public: one.day <= iso }));
    return { ...fact, view: "story", language: all.language, statuses: all.statuses, asked: {}, as_of: iso, beliefs, evidence, chart: { ...fact.chart, as_of: end } };
  }

  function paint() {
    const iso = new Date(Number(field.value) * day).toISOString().slice(0, 10);
    page.chartWidth = Math.max(320, Math.min(800, shown.clientWidth));
    shown.innerHTML = all.facts.map((fact) => page.textOf(page.story(asOf(fact, iso)))).join("");
    field.setAttribute("aria-valuetext", page.inWords({ language: all.language, as_of: iso }, iso));
    document.getElementById("date").textContent = page.inWords({ language: all.language, as_of: iso }, iso);
  }

  field.addEventListener("input", paint);
  addEventListener("resize", paint);
  paint();
})(globalThis.timelinePage);
