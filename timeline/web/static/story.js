// A page that stands by itself: everything is in it, so that any date can be chosen without a server. What
// reads without scripts is drawn by the same functions when the file is written.
"use strict";
(function (page) {
  const html = globalThis.htm.bind(page.asText);
  page.make(html);

  /** Return what a fact was on a day: the beliefs that held at its end, and which reports were public. */
  function asOf(all, fact, iso) {
    const end = `${iso}T23:59:59.999Z`;
    const beliefs = fact.cards
      .filter((card) => card.from <= end && (card.to === null || end < card.to))
      .map((card) => ({ ...card, source_is_later: card.evidence_at !== null && card.evidence_at > iso }));
    const evidence = fact.evidence.map((one) => ({ ...one, is_public: one.day <= iso }));
    return { ...fact, view: "story", language: all.language, statuses: all.statuses, asked: {}, as_of: iso, beliefs, evidence, chart: { ...fact.chart, as_of: end } };
  }

  /** Return all facts on a day as HTML, and the day in words. */
  page.storyOn = (all, iso) => ({
    facts: all.facts.map((fact) => page.textOf(page.story(asOf(all, fact, iso)))).join(""),
    day: page.inWords({ language: all.language, as_of: iso }, iso),
  });
  if (globalThis.document === undefined) return;

  const all = JSON.parse(document.getElementById("state").textContent);
  const field = document.getElementById("day");
  const shown = document.getElementById("shown");
  const day = 864e5;

  function paint() {
    const iso = new Date(Number(field.value) * day).toISOString().slice(0, 10);
    page.chartWidth = Math.max(320, Math.min(800, shown.clientWidth));
    const now = page.storyOn(all, iso);
    shown.innerHTML = now.facts;
    field.setAttribute("aria-valuetext", now.day);
    document.getElementById("date").textContent = now.day;
  }

  document.documentElement.classList.add("scripted");
  field.addEventListener("input", paint);
  addEventListener("resize", paint);
  paint();
})(globalThis.timelinePage);
