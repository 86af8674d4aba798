// The views of the page as HTML. `make(html)` takes the tag of htm, bound to whatever makes elements: the server
// binds it to text, the browser to Preact, so that both show the same.
"use strict";
(function (page) {
  page.make = function (html) {
    const plot = globalThis.timelinePlot;
    // Text of SVG that the drawing module made.
    const svg = (text, label) => html`<span class="svg" dangerouslySetInnerHTML=${{ __html: text }} aria-hidden=${label ? undefined : "true"}></span>`;
    const wordsOf = (data) => page.words[data.language] ?? page.words.en;
    const plotWords = (data) => plot.words[data.language] ?? plot.words.en;
    const utc = (iso) => new Date(`${iso}T00:00:00Z`);

    const inWords = (data, iso) => {
      const date = utc(iso);
      return plotWords(data).day(date.getUTCDate(), plotWords(data).months[date.getUTCMonth()], date.getUTCFullYear());
    };
    const short = (data, iso) => {
      const date = utc(iso);
      const month = plotWords(data).shorts[date.getUTCMonth()];
      const same = iso.slice(0, 4) === data.as_of.slice(0, 4);
      return same ? `${date.getUTCDate()} ${month}` : `${month} ${date.getUTCFullYear()}`;
    };

    /** Return the address of the same state with something changed; null takes a name out. */
    const to = (data, path, changes = {}) => {
      const query = new page.Query({ ...data.asked, offset: undefined, ...changes }).text;
      return path + (query ? `?${query}` : "");
    };
    const pathOf = (data) =>
      data.view === "fact" ? `/fact/${data.fact.split("/").map(encodeURIComponent).join("/")}`
        : { promises: "/promises", disagreements: "/disagreements", ask: "/ask" }[data.view] ?? "/";

    const spanInWords = (data, text) => plot.span(plotWords(data), text);
    const amountInWords = (data, [before, figure, behind]) => [plot.unit(plotWords(data), before), (/\d/.test(figure) ? plot.figure : plot.unit)(plotWords(data), figure), plot.unit(plotWords(data), behind)];
    const claimInWords = (data, row) => (row.value_type === "date" ? [spanInWords(data, row.claim.join("")), "", ""] : row.value_type === "amount" ? amountInWords(data, row.claim) : row.claim);
    // Words that are known where a figure is claimed; other claims are data.
    const inLanguage = (data, { value_type }, claim) => (value_type === "amount" ? plot.unit(plotWords(data), claim) : claim);
    const meaningOf = (data, status) => wordsOf(data).meanings?.[status] ?? data.statuses[status] ?? "";

    // What is drawn of a row, or made of it, is kept with it: most rows are the same on the next day.
    const drawn = new WeakMap();
    const once = (of, key, make) => {
      const found = drawn.get(of);
      if (found?.key === key) return found.made;
      const made = make();
      drawn.set(of, { key, made });
      return made;
    };
    const narrowed = ({ asked }) => new page.Query({ ...asked, as_of: undefined, offset: undefined }).text;

    const statusWord = (data, status) => plotWords(data).statuses?.[status] ?? (status ?? "").replace(/-/g, " ");
    const glyphs = new Map();
    const glyph = (data, status, ghost) => {
      const key = `${data.language} ${status} ${Boolean(ghost)}`;
      if (!glyphs.has(key)) glyphs.set(key, plot.status({ status }, { ghost, language: data.language }));
      return svg(glyphs.get(key));
    };
    const Status = (data, status, ghost) =>
      status ? html`<span class="status" title=${meaningOf(data, status)}>${glyph(data, status, ghost)} ${statusWord(data, status)}</span>` : "";

    const claimClass = (status) => (status === "denied" || status === "cancelled" ? "claim off" : "claim");
    const Claim = ([before, figure, behind], status) => html`<span class=${claimClass(status)}>${before ? html`<span>${before}</span>` : ""}${figure ? html`<b>${figure}</b>` : ""}${behind ? html`<i>${behind}</i>` : ""}</span>`;

    // What is around every view

    const Bar = (data) => {
      const w = wordsOf(data);
      const link = (view, path, extra = "") => html`<a href=${to(data, path, { q: undefined })} aria-current=${data.view === view || (view === "beliefs" && (data.view === "compare" || data.view === "fact")) ? "page" : undefined}>${w[view]}${extra}</a>`;
      return html`<header class="bar">
        <a class="skip" href="#answer">${w.skip}</a>
        <a class="brand" href=${to(data, "/", { q: undefined })}><svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true"><path d="M1 15h4v-4h4V7h4V3h4" fill="none" stroke="currentColor" stroke-width="2"/></svg> Timeline</a>
        <nav aria-label="Timeline">${link("beliefs", "/")}${link("promises", "/promises")}${link("disagreements", "/disagreements", data.summary && data.summary.disagreements ? html` <span class="dis">${data.summary.disagreements}</span>` : "")}${link("ask", "/ask")}${link("cite", "/cite")}</nav>
        <form class="find" role="search" action="/" method="get">
          ${hidden({ ...data.asked, q: undefined, offset: undefined })}
          <input type="search" name="q" value=${data.asked.q ?? ""} placeholder=${w.find} aria-label=${w.find} /><kbd aria-hidden="true">/</kbd>
        </form>
        <a class="lang" href=${to(data, pathOf(data), { lang: w.otherLanguage === "en" ? undefined : w.otherLanguage })} lang=${w.otherLanguage} hreflang=${w.otherLanguage}>${w.language}</a>
        <button type="button" class="icon" data-do="keys" aria-label=${w.keys}>?</button>
      </header>`;
    };

    const hidden = (values) =>
      Object.entries(values).flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).filter((one) => one !== undefined && one !== null && one !== "").map((one) => html`<input type="hidden" name=${name} value=${one} />`));

    const move = (iso, unit, by) => {
      const date = utc(iso);
      if (unit === "day") date.setUTCDate(date.getUTCDate() + by);
      else {
        const day = date.getUTCDate();
        date.setUTCDate(1);
        date.setUTCMonth(date.getUTCMonth() + by * (unit === "year" ? 12 : 1));
        const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
        date.setUTCDate(Math.min(day, last));
      }
      return date.toISOString().slice(0, 10);
    };
    page.move = move;
    page.nextReport = (data, iso, way) => {
      const days = data.density.days.map(([day]) => day);
      return way > 0 ? days.find((day) => day > iso) : days.filter((day) => day < iso).at(-1);
    };

    const Steps = (data) => {
      const w = wordsOf(data);
      const step = (day, label, text, name) => html`<a class="step" rel="nofollow" data-step=${name} href=${day ? to(data, pathOf(data), { as_of: day }) : undefined} aria-label=${label} aria-disabled=${day ? undefined : "true"}>${text}</a>`;
      const pair = (unit) => html`<span class=${`pair by-${unit}`}>${step(move(data.as_of, unit, -1), w.earlier(w[unit]), "‹", `-${unit}`)}<span aria-hidden="true">${w[unit]}</span>${step(move(data.as_of, unit, 1), w.later(w[unit]), "›", `+${unit}`)}</span>`;
      return html`<div class="steps" role="group" aria-label=${w.dateField}>
        ${data.first && !data.compare ? step(data.first, w.oldest, w.oldest, "oldest") : ""}
        ${pair("year")}${pair("month")}${pair("day")}
        <span class="pair">${step(page.nextReport(data, data.as_of, -1), w.previousReport, "‹", "-report")}<span aria-hidden="true">${w.report}</span>${step(page.nextReport(data, data.as_of, 1), w.nextReport, "›", "+report")}</span>
        ${data.compare ? "" : html`<a class="step" data-step="now" href=${to(data, pathOf(data), { as_of: undefined })}>${w.now}</a>
        <button type="button" class="step needs-script" data-do="play">${page.isPlaying ? `◼ ${w.stop}` : `▶ ${w.play}`}</button>`}
      </div>`;
    };

    // What is being typed stays, whatever is drawn meanwhile.
    const typed = (name) => {
      const field = globalThis.document?.activeElement;
      return field?.id === `field-${name}` ? field.value : undefined;
    };

    const DateForm = (data, name, iso, label) => {
      const w = wordsOf(data);
      return html`<form key=${name} class=${`date ${name}`} action=${pathOf(data)} method="get">
        ${hidden({ ...data.asked, [name]: undefined, offset: undefined })}
        <label for=${`field-${name}`}>${label}</label>
        <input id=${`field-${name}`} class="day" size="15" name=${name} value=${typed(name) ?? inWords(data, iso)} data-iso=${iso} autocomplete="off" spellCheck="false" aria-describedby=${`help-${name}`} />
        <span id=${`help-${name}`} class="help">${w.dateHelp}</span>
        <noscript><button>${w.apply}</button></noscript>
      </form>`;
    };

    const Folded = (data, name, label, value, help) => html`<details class="fold"><summary>${label} <span>${value} ▾</span></summary>
      <form action=${pathOf(data)} method="get">${hidden({ ...data.asked, [name]: undefined, offset: undefined })}
        <label>${help}<input name=${name} value=${data.asked[name] ?? ""} /></label><button>${wordsOf(data).apply}</button></form></details>`;

    const Slider = (data) => {
      const [from, last] = data.density.domain.map((day) => +utc(day.slice(0, 10)));
      const share = (iso) => Math.min(1, Math.max(0, (+utc(iso) + 86400e3 - from) / (last - from)));
      const w = wordsOf(data);
      const handle = (iso, name, label) => html`<span class=${`handle ${name}`} role="slider" tabindex="0" aria-label=${label} aria-valuemin="0" aria-valuemax=${Math.round((last - from) / 86400e3)} aria-valuenow=${Math.round(share(iso) * (last - from) / 86400e3)} aria-valuetext=${inWords(data, iso)} style=${`left:${(share(iso) * 100).toFixed(3)}%`}></span>`;
      return html`<div class="slider" data-from=${data.density.domain[0].slice(0, 10)} data-to=${data.density.domain[1].slice(0, 10)}>
        ${data.compare ? html`<span class="between" style=${`left:${share(data.compare) * 100}%;width:${Math.max(0, share(data.as_of) - share(data.compare)) * 100}%`}></span>` : ""}
        ${svg(plot.density({ ...data.density, as_of: `${data.as_of}T23:59:59Z`, earlier: data.compare ? `${data.compare}T23:59:59Z` : null }, { width: page.width ?? 1200, language: data.language, id: "d" }))}
        ${data.compare ? handle(data.compare, "earlier", w.comparedWith) : ""}${handle(data.as_of, "as-of", w.believedOn)}
      </div>`;
    };

    const Head = (data) => {
      const w = wordsOf(data);
      const other = data.view === "promises" || data.view === "disagreements" || data.view === "ask";
      const title = { promises: w.promisesTitle, disagreements: w.disagreementsTitle, ask: w.askTitle }[data.view];
      return html`<section class=${`head ${other ? "small" : ""}`}>
        ${data.recorded_is_head ? "" : html`<p class="band">${w.asKnown(inWords(data, data.recorded_as_of.slice(0, 10)))} <a href=${to(data, pathOf(data), { recorded_as_of: undefined })}>${w.backToNow}</a></p>`}
        ${title ? html`<h1>${title}</h1>` : ""}
        ${data.first ? Dates(data) : ""}
        ${data.first ? Slider(data) : ""}
        ${data.trouble ? html`<p class="trouble problem" role="alert">${data.trouble} <button type="button" class="link" data-do="again">${w.tryAgain}</button></p>` : ""}
      </section>`;
    };

    const Dates = (data) => {
      const w = wordsOf(data);
      return html`<div class="dates">
          ${data.view === "promises" && data.flows ? "" : DateForm(data, "as_of", data.as_of, w.believedOn)}
          ${data.compare && !(data.view === "promises" && data.flows) ? html`${DateForm(data, "compare", data.compare, w.comparedWith)}` : ""}
          ${Steps(data)}
        </div>
        <div class="under">
          <p class="summary" aria-live="polite">${Summary(data)}</p>
          <div class="axes">
            ${data.view === "beliefs" && page.isNarrow !== false ? Chips(data) : ""}
            ${data.view === "disagreements" || data.view === "ask" || data.view === "problem" ? "" : data.compare ? html`<a href=${to(data, pathOf(data), { as_of: data.compare, compare: data.as_of })} >${w.swap}</a> <a class="endcompare" href=${to(data, pathOf(data), { compare: undefined })}>${w.oneDate}</a>`
              : html`<details class="fold"><summary>${w.comparing[0]}<span> ${w.comparing[1]}</span></summary><form action=${pathOf(data)} method="get">${hidden({ ...data.asked, compare: undefined, offset: undefined })}<label>${w.dateHelp}<input name="compare" required /></label><button>${w.apply}</button></form></details>`}
            ${Folded(data, "recorded_as_of", w.recorded, data.recorded_is_head ? w.byNow : w.by(data.recorded_as_of.slice(0, 10)), w.recordedHelp)}
            ${Folded(data, "valid_at", w.valid, data.valid_at ? w.at(data.valid_at) : w.atAnyTime, w.validHelp)}
          </div>
        </div>`;
    };

    const Summary = (data) => {
      const w = wordsOf(data);
      if (data.view === "beliefs") {
        const { facts, reports, origins, disagreements } = data.summary;
        const today = data.is_now ? 0 : data.density.days.find(([day]) => day === data.as_of)?.[1] ?? 0;
        const [a, f, b, r, c, o] = w.summary(w.facts(facts), w.reports(reports), w.origins(origins));
        return html`${a}<b>${f}</b>${b}<b>${r}</b>${c}<b>${o}</b>${disagreements ? html`, <span class="dis">${w.disagree(disagreements)}</span>` : ""}. ${today ? w.cameOut(today) : ""}`;
      }
      if (data.view === "compare") {
        const { changed, appeared, gone, repeated, stayed } = data.counts;
        const parts = [[w.changes(changed), 1], [w.appearances(appeared), appeared], [w.goneCount(gone), gone], [w.repeats(repeated), repeated]].filter(([, n]) => n);
        parts.push(...[[w.stayed(stayed), stayed]].filter(([, n]) => n));
        const between = data.density.days.filter(([day]) => day > data.compare && day <= data.as_of).reduce((sum, [, count]) => sum + count, 0);
      return html`${parts.map(([text], index) => html`${index ? ", " : ""}<b>${text}</b>`)}. ${between ? w.cameBetween(between) : ""}`;
      }
      if (data.view === "promises" && data.flows) return w.promisesHelp(plot.unit(plotWords(data), data.flows.axis.label).replace(/^./, (letter) => letter.toUpperCase()));
      if (data.view === "ask") return w.sqlHelp;
      return "";
    };

    // Beliefs

    const factName = (data, row, withSubject) => html`<a class="name" href=${to(data, `/fact/${row.fact.split("/").map(encodeURIComponent).join("/")}`, { q: undefined })}>${withSubject ? html`<b class="of">${row.subject_name}</b> ` : ""}${row.attribute}${row.object ? html` <span class="object">→ ${row.object}</span>` : ""}${row.period ? html` <span class="period">${spanInWords(data, row.period)}</span>` : ""}</a>`;

    const drawnValue = (data, row, extra = {}) =>
      plot.value({ ...row.value, axis: { ...data.axis, percent: row.value.percent }, status: row.status, claim: claimInWords(data, row).join(""), ...extra }, { width: page.valueWidth ?? 276, height: 20, language: data.language, id: `v${hash(row.fact + row.valid)}` });
    const hash = (text) => {
      let sum = 5381;
      for (let i = 0; i < text.length; i += 1) sum = (sum * 33 + text.charCodeAt(i)) >>> 0;
      return sum.toString(36);
    };

    const Dots = (data, row) => {
      const w = wordsOf(data);
      const label = `${w.origins(row.origins)}, ${w.reports(row.reports)}`;
      const rewrites = Math.max(0, row.reports - row.origins);
      const shown = row.origins + rewrites > 5 ? html`● ${row.origins}` : "●".repeat(row.origins) + "○".repeat(rewrites);
      return html`<span class="dots"><span aria-hidden="true">${shown}</span><span class="only-read">${label}</span></span>`;
    };

    const Rival = (data, row) => row.rival ? html`<a class="dis rival" href=${to(data, "/disagreements", { q: undefined })}>≠ ${inLanguage(data, row, row.rival.claim)}, ${row.rival.origin}, ${short(data, row.rival.day)}</a>` : "";

    const ClaimCell = (data, row) => {
      const w = wordsOf(data);
      const old = row.before ? claimInWords(data, { ...row, claim: row.before.claim }).join("") : "";
      const before = old && old !== claimInWords(data, row).join("") ? html`<span class="was">${w.was(old)}</span>` : "";
      if (row.erased) return html`<span class="claim">${w.erased}</span>`;
      return html`${Claim(claimInWords(data, row), row.status)}${row.valid ? html` <span class="valid">${w.heldIn(spanInWords(data, row.valid))}</span>` : ""}${before}${Rival(data, row)}`;
    };

    const BeliefRow = (data, row, { first, count, heading, sub, withSubject, hasValues }) => {
      const isNew = !data.is_now && row.since === data.as_of;
      const picture = row.value ? svg(drawnValue(data, row, { rival: row.rival?.figure ?? null, before: row.before?.value ?? null })) : null;
      return html`<tr key=${`${row.fact} ${row.valid} ${row.origin}`} class=${`${first ? "first" : ""} ${row.before ? "compared" : ""}`} data-fact=${row.fact}>
        ${first ? html`<th class="subject" scope="rowgroup" rowspan=${count}><span>${heading}</span><small>${sub}</small>${hasValues ? html`<div class="of-group" aria-hidden="true">${Axis(data)}</div>` : ""}</th>` : ""}
        <td class="fact">${factName(data, row, withSubject)}</td>
        ${picture ? html`<td class="value">${picture}</td><td class="claims">${ClaimCell(data, row)}</td>` : html`<td class="claims wide" colspan="2">${ClaimCell(data, row)}</td>`}
        <td class="stat">${Status(data, row.status)}${row.before && row.before.status !== row.status ? html`<span class="was">${wordsOf(data).was(statusWord(data, row.before.status))}</span>` : ""}</td>
        <td class=${isNew ? "since new" : "since"}>${row.since ? short(data, row.since) : ""}</td>
        ${data.view === "compare" ? "" : html`<td class="orig">${Dots(data, row)}</td>`}
      </tr>`;
    };

    const Legend = (data) => {
      const w = wordsOf(data);
      const chosen = data.asked.status ?? [];
      return html`<p class="legend">${data.facets.status.toSorted(([a], [b]) => plot.statuses.indexOf(a) - plot.statuses.indexOf(b)).map(([status, , count]) => html`<a href=${to(data, "/", { status: chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status] })} aria-pressed=${chosen.includes(status) ? "true" : undefined} class=${chosen.length && !chosen.includes(status) ? "faded" : ""}>${glyph(data, status)} ${statusWord(data, status)} <span>${count}</span></a>`)}
      ${data.summary.disagreements ? html`<a class="dis last" href=${to(data, "/disagreements", { q: undefined })}>≠ ${w.disputed} ${data.summary.disagreements}</a>` : ""}</p>`;
    };

    const Facet = (data, name, label) => {
      const chosen = data.asked[name] ?? [];
      const values = data.facets?.[name] ?? [];
      if (!values.length && !chosen.length) return label;
      return once(values, `${data.language} ${narrowed(data)}`, () => html`<details class="fold facet"><summary>${label} ▾</summary>${Values(data, name)}</details>`);
    };
    const Values = (data, name) => {
      const chosen = data.asked[name] ?? [];
      return html`<ul>${(data.facets?.[name] ?? []).slice(0, 40).map(([value, text, count]) => html`<li><a href=${to(data, "/", { [name]: chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value] })} aria-pressed=${chosen.includes(value) ? "true" : undefined}>${chosen.includes(value) ? "✓ " : ""}${name === "status" ? html`<i class="of-status">${glyph(data, value)} ${statusWord(data, text)}</i>` : text} <span>${count}</span></a></li>`)}</ul>`;
    };

    /** What a list may be narrowed to, of several kinds, each with its heading. */
    const Lists = (data, names) => names.filter((name) => data.facets?.[name]?.length).map((name) => html`<p>${wordsOf(data)[name]}</p>${Values(data, name)}`);
    /** The head of the column of origins, which narrows the list to origins and to sources. */
    const OriginsHead = (data) => {
      const lists = Lists(data, ["origin", "source"]);
      const label = wordsOf(data).originsHead;
      return lists.length ? once(data.facets.source, `${data.language} ${narrowed(data)}`, () => html`<details class="fold facet"><summary>${label} ▾</summary><div>${lists}</div></details>`) : label;
    };
    /** What a narrow page has in the place of the legend and of the heads of columns. */
    const Chips = (data) => {
      const w = wordsOf(data);
      const lists = Lists(data, ["subject", "attribute", "source", "origin"]);
      return html`${lists.length ? html`<details class="fold narrow"><summary>${w.filter}</summary><div>${lists}</div></details>` : ""}${data.facets?.status?.length ? html`<details class="fold narrow"><summary>${w.status}</summary>${Values(data, "status")}</details>` : ""}`;
    };

    const Chosen = (data) => {
      const w = wordsOf(data);
      const parts = ["subject", "attribute", "status", "source", "origin"].flatMap((name) => (data.asked[name] ?? []).map((value) => [name, value]));
      if (!parts.length && !data.asked.q) return "";
      return html`<p class="chosen">${data.asked.q ? html`<a href=${to(data, "/", { q: undefined })}>“${data.asked.q}” ×</a>` : ""}${parts.map(([name, value]) => html`<a href=${to(data, "/", { [name]: data.asked[name].filter((one) => one !== value) })}>${w[name]}: ${value} ×</a>`)}
        <a href=${to(data, "/", { q: undefined, subject: undefined, attribute: undefined, status: undefined, source: undefined, origin: undefined })}>${w.clear}</a></p>`;
    };

    const AxisTicks = () => [1, 10, 100, 1000].map((figure) => html`<span style=${`left:${Math.log10(figure) / 3 * 100}%`}>${figure === 1000 ? "1 000" : figure}</span>`);
    const Axis = (data) => {
      const w = wordsOf(data);
      return html`<span class="axis-label">${data.axis.unit ? w.axis(plot.unit(plotWords(data), data.axis.label)) : w.axisPercent}</span>${data.axis.unit ? html`<span class="ticks" aria-hidden="true">${AxisTicks()}</span>` : ""}`;
    };

    const Beliefs = (data) => {
      const w = wordsOf(data);
      if (!data.first) return html`<div class="nothing"><h2>${w.emptyStore}</h2><p>${w.emptyHelp}</p><pre>timeline report acme/ceo --entity jane-doe --source letter --reported 2025-02-22 --register-unknown</pre></div>`;
      if (!data.shown) {
        const filtered = data.asked.q || ["subject", "attribute", "status", "source", "origin"].some((name) => data.asked[name]);
        if (filtered) return html`${Chosen(data)}<div class="nothing"><p>${w.noHit}${data.asked.q ? ` “${data.asked.q}”` : ""}. <a href=${to(data, "/", { q: undefined, subject: undefined, attribute: undefined, status: undefined, source: undefined, origin: undefined })}>${w.clear}</a></p></div>`;
        return html`<div class="nothing"><p>${w.nothingYet(inWords(data, data.as_of))} <a href=${to(data, "/", { as_of: data.first })}>${w.firstReport(inWords(data, data.first))} ›</a></p></div>`;
      }
      const compare = data.view === "compare";
      const of = [data.view, data.commit, data.language, data.is_now, page.valueWidth, data.axis.unit, data.axis.divisor, narrowed(data)].join(" ");
      const rest = data.total - data.offset - data.shown;
      return html`${compare || page.isNarrow ? "" : Legend(data)}${compare ? "" : Chosen(data)}
        <table class="beliefs"><thead><tr>
          <th class="subject" scope="col">${compare ? w.change : Facet(data, "subject", w.subject)}</th><th class="fact" scope="col">${compare ? w.fact : Facet(data, "attribute", w.fact)}</th>
          <th class="value" scope="col">${Axis(data)}</th>
          <th class="claims" scope="col">${w.claim}</th><th class="stat" scope="col">${compare ? w.status : Facet(data, "status", w.status)}</th><th class="since" scope="col">${w.since}</th>
          ${compare ? "" : html`<th class="orig" scope="col">${OriginsHead(data)}</th>`}
        </tr></thead>
        ${data.groups.map((group) => html`<tbody key=${group.subject ?? group.change}>${group.rows.map((row, index) => once(row, [of, data.as_of.slice(0, 4), row.since === data.as_of, index ? "" : [group.count, group.rows.length, group.rows.some((one) => one.value)]].join(" "), () => BeliefRow(data, row, {
          first: index === 0, count: group.rows.length, withSubject: compare, hasValues: index === 0 && group.rows.some((one) => one.value),
          heading: compare ? w[group.change] : html`<a href=${to(data, "/", { subject: [group.subject] })}>${group.name}</a>`,
          sub: compare && group.change === "repeated" ? w.saidAgain : w.facts(group.count),
        })))}</tbody>`)}
        </table>
        ${rest > 0 ? html`<p class="more"><span>${w.shown(data.offset + data.shown, data.total)}</span> <a href=${to(data, "/", { offset: data.offset + data.shown })}>${w.more(Math.min(rest, 200))}</a></p>` : ""}
        <footer class="foot">${compare ? html`<span>|→ ${w.fromBefore}</span>` : html`<span>● ${w.originsLegend}</span><span>○ ${w.rewriteLegend}</span>`}${Keys(data)}</footer>`;
    };

    const Keys = (data) => {
      const w = wordsOf(data);
      const shown = data.compare ? [["← →", w.laterDate], ["[ ]", w.earlierDate], ["x", w.swapShort], [w.escape, w.endCompare]]
        : data.view === "fact" ? [["← →", w.day], ["n p", w.nextPrevious], ["w", w.why], [w.escape, w.back]]
          : [["← →", w.day], ["⇧", w.month], ["⌥", w.year], ["n p", w.nextPrevious], ["d", w.typeDate], ["c", w.compareShort]];
      if (data.view === "promises") shown.push(["t", w.asTable]);
      return [...shown, ["?", w.keys]].map(([names, what]) => html`<span class="keys needs-script">${names.split(" ").map((name) => html`<kbd>${name}</kbd>`)} ${what}</span>`);
    };

    // A fact

    const Title = (data) => {
      const [subject, attribute, object, period] = data.name;
      return html`<div class="title"><h1>${subject} ${attribute}${object ? html` <span class="arrow">→</span> ${object}` : ""}${period ? html` <span class="period">${spanInWords(data, period)}</span>` : ""}</h1><code>${data.fact}</code></div>
        <p class="meaning">${data.meaning ?? ""}</p>`;
    };

    /** Return one fact of a page that stands by itself: no link leads to a server. */
    const Story = (data) => html`<section class="fact-page story">${Title(data)}
        <div class="two"><div class="chart">${svg(plot.fact(data.chart, { width: page.chartWidth ?? 800, language: data.language, id: `s${hash(data.fact)}` }), true)}</div>
        <aside class="card"><p class="label">${wordsOf(data).believedOnCard} ${inWords(data, data.as_of)}</p>${Believed(data)}</aside></div>${Evidence(data)}</section>`;

    const FactPage = (data) => {
      const w = wordsOf(data);
      const [subject] = data.name;
      const path = pathOf(data);
      return html`<div class="fact-page">
        <p class="crumbs"><a href=${to(data, "/", { q: undefined })}>${w.beliefs}</a> / <a href=${to(data, "/", { q: undefined, subject: [data.subject] })}>${subject}</a></p>
        ${Title(data)}
        <div class="two"><div class="chart" id="chart">${svg(plot.fact(data.chart, { width: page.chartWidth ?? 800, language: data.language, id: "c" }), true)}</div>
        <aside class="card">${Card(data)}<details class="why"><summary>${w.why}</summary><pre tabindex="0" role="region" aria-label=${w.why}>${data.why}</pre></details><p class="links"><button type="button" class="link needs-script" data-do="copy">${w.copyLink}</button> <a download href=${to(data, `${path}.svg`)}>${w.svg}</a> <a download href=${to(data, `${path}.png`)}>${w.png}</a></p></aside></div>
        ${data.vintages ? Vintages(data) : ""}${Evidence(data)}
        <footer class="foot"><span>${glyph(data, "letter-of-intent")} ${w.firm}</span><span>├─● ${w.spanLegend}</span><span>□ ${w.pageLegend}</span>${Keys(data)}</footer>
      </div>`;
    };

    const Card = (data) => {
      const w = wordsOf(data);
      return html`<p class="label">${w.believedOnCard}</p>${DateForm(data, "as_of", data.as_of, w.believedOnCard)}${Believed(data)}
        ${data.possible ? html`<div class="possible"><p>${w.possibleHead}</p><p>${Status(data, data.possible.status)} ${claimInWords(data, data.possible).join("")}, ${w.since.toLowerCase()} ${inWords(data, data.possible.since)} <a href=${to(data, pathOf(data), { basis: "possible" })}>${w.basisPossible} ›</a></p></div>` : ""}`;
    };

    const Believed = (data) => {
      const w = wordsOf(data);
      return html`${data.beliefs.length ? "" : html`<p class="nothing-of-it">${w.nothingOfIt}</p>`}
        ${data.beliefs.slice(0, 4).map((belief) => html`<div class="belief">
          <p class="big">${Claim(claimInWords(data, belief), belief.status)}</p>
          ${belief.status ? html`<p class="firm">${Status(data, belief.status)}<small>${meaningOf(data, belief.status)}</small></p>` : ""}
          ${belief.statement ? html`<p>${belief.statement}</p>` : ""}
          <dl><div><dt>${w.since.toLowerCase()}</dt><dd>${inWords(data, belief.since)}${belief.reported && belief.reported !== belief.since ? html` <span>${w.reportedAs(spanInWords(data, belief.reported))}</span>` : ""}</dd></div>
          ${belief.valid ? html`<div><dt>${w.valid.toLowerCase()}</dt><dd>${spanInWords(data, belief.valid)}</dd></div>` : ""}
          ${belief.origin ? html`<div><dt>${w.origin.toLowerCase()}</dt><dd>${belief.origin}</dd></div>` : ""}
          ${belief.speaker ? html`<div><dt>${w.speaker}</dt><dd>${belief.speaker}</dd></div>` : ""}
          ${belief.source ? html`<div><dt>${w.source.toLowerCase()}</dt><dd>${belief.source}${belief.published ? `, ${spanInWords(data, belief.published)}` : ""}${belief.source_is_later ? html`<small>${w.laterSource}</small>` : ""}${belief.inferred ? html`<small>${w.inferred}</small>` : ""}</dd></div>` : ""}
          ${belief.mended ? html`<div><dt>${w.record}</dt><dd>${w.mendedIn(belief.commit)}</dd></div>` : ""}</dl></div>`)}`;
    };

    const Vintages = (data) => {
      const w = wordsOf(data);
      const { periods, vintages, cells, axis, name } = data.vintages;
      const rows = [...cells].sort((a, b) => a.period - b.period || a.vintage - b.vintage);
      const number = (value) => plot.numberIn(plotWords(data), value);
      return html`<section class="vintages"><h2>${w.vintages} <small>${w.vintagesHelp}</small></h2>
        ${svg(plot.vintages(data.vintages, { width: page.width ?? 1200, language: data.language, id: "r" }), true)}
        <details class="as-table"><summary>${w.asTable}</summary><div class="scroll" tabindex="0" role="region" aria-label=${w.vintages}><table><thead><tr><th scope="col">${w.period}</th><th scope="col">${w.since}</th><th scope="col">${axis.label || w.value}</th><th scope="col">${w.moved}</th></tr></thead>
        <tbody>${rows.map((cell) => html`<tr><td><a href=${to(data, `/fact/${name.replace("*", periods[cell.period]).split("/").map(encodeURIComponent).join("/")}`)}>${spanInWords(data, periods[cell.period])}</a></td><td>${inWords(data, vintages[cell.vintage])}</td><td>${number(Math.round(cell.figure * 1000) / 1000)}</td><td>${cell.moved ? `${cell.moved > 0 ? "+" : ""}${number(Math.round(cell.moved * 10000) / 100)} %` : ""}</td></tr>`)}</tbody></table></div></details></section>`;
    };

    const Passage = (data, { parts, problem }) => {
      const w = wordsOf(data);
      if (problem) return html`<small class="no-passage">${w.passage[problem]}</small>`;
      return html`<blockquote aria-label=${w.passage.title}>${parts.map((part, index) => html`${index ? html`<span class="gap"> […] </span>` : ""}<q>${part.trim()}</q>`)}</blockquote>`;
    };

    const Evidence = (data) => {
      const w = wordsOf(data);
      const known = data.evidence.filter((one) => one.is_public);
      const later = data.evidence.filter((one) => !one.is_public);
      const { count, known: publicly } = data.all_evidence ?? { count: data.evidence.length, known: known.length };
      const rest = count - data.evidence.length;
      const row = (one) => html`<tr class=${one.is_public ? "" : "later"} key=${one.event_id}>
        <td>${inWords(data, one.day)}${one.vague && one.reported ? html`<small>${w.someTime(spanInWords(data, one.reported))}</small>` : ""}</td>
        <td>${one.type === "reported" ? Claim(claimInWords(data, one)) : w[one.type] ?? one.type}</td><td>${Status(data, one.status, !one.is_public)}</td><td>${one.origin}</td>
        <td>${one.statement ?? ""}${one.passage ? Passage(data, one.passage) : ""}${one.was.map((was) => html`<small><s>${inLanguage(data, one, was.claim)}</s> ${w.inRecord(was.commit)}${was.reason ? ` “${was.reason}”` : ""}</small>`)}</td>
        <td>${one.url ? html`<a href=${one.url} rel="noreferrer noopener">${one.source}</a>` : one.source}${one.published ? `, ${spanInWords(data, one.published)}` : ""}${one.places ? html`<small>${w.characters(one.places)}</small>` : ""}</td></tr>`;
      return html`<section class="evidence"><h2>${w.evidence} <small>${w.publicByThen(publicly, count)}</small></h2>
        <div class="scroll" tabindex="0" role="region" aria-label=${`${w.evidence}: ${data.fact}`}><table><thead><tr><th scope="col">${w.countsFrom}</th><th scope="col">${w.claim}</th><th scope="col">${w.status}</th><th scope="col">${w.origin}</th><th scope="col">${w.whatItSays}</th><th scope="col">${w.readIn}</th></tr></thead>
        <tbody>${known.map(row)}</tbody>${later.length ? html`<tbody><tr class="line"><td colspan="6"><b>${inWords(data, data.as_of)}</b> ${w.notYet}</td></tr>${later.map(row)}</tbody>` : ""}</table></div>
        ${rest ? html`<p class="more"><span>${w.shown(data.evidence.length, count)}</span> <button type="button" class="link needs-script" data-whole=${data.index}>${w.more(rest)}</button></p>` : ""}</section>`;
    };

    // Promises, disagreements, questions

    const Promises = (data) => {
      const w = wordsOf(data);
      if (!data.flows) return html`<div class="nothing"><p>${w.nothingPromised}</p></div>`;
      const { attributes, units } = data.flows.choices;
      const choose = (name, values, chosen, label) => values.length < 2 ? "" : html`<details class="fold"><summary>${label} <span>${chosen}</span> ▾</summary><ul>${values.map((value) => html`<li><a href=${to(data, "/promises", { [name]: value })}>${value}</a></li>`)}</ul></details>`;
      const rows = data.flows.panels.flatMap((panel) => panel.flows.map((flow) => ({ ...flow, day: panel.day })));
      return html`<div class="choices">${choose("attribute_of", attributes, data.flows.attribute, w.attribute)}${choose("unit", units, data.flows.axis.unit, w.unit)}</div>
        <div class=${`flow of-${data.flows.panels.length}`}>${data.flows.panels.map((panel, index) => {
          const isLast = index === data.flows.panels.length - 1;
          const [field, iso, label] = isLast ? ["as_of", data.as_of, w.believedOn] : ["compare", data.compare, w.comparedWith];
          const width = data.flows.panels.length > 1 && (page.width ?? 1200) > 1020 ? ((page.width ?? 1200) - 80) / 2 : page.width ?? 1200;
          return html`<section class=${isLast ? "panel" : "panel before"} key=${field}>${DateForm(data, field, iso, label)}${svg(plot.flow(data.flows, { width, panel: index, language: data.language, id: `f${index}` }), true)}</section>`;
        })}</div>
        <details class="as-table"><summary>${w.asTable}</summary><div class="scroll" tabindex="0" role="region" aria-label=${w.promises}><table><tbody>${rows.map((flow) => html`<tr><td>${flow.day ? inWords(data, flow.day) : ""}</td><td>${flow.giver_name} → ${flow.receiver_name}</td><td>${plot.unit(plotWords(data), flow.claim)}</td><td>${Status(data, flow.status)}</td></tr>`)}</tbody></table></div></details>
        <footer class="foot">${data.flows.beside.slice(0, 3).map((one) => html`<span>${w.notAdded} ${one.giver_name} ${one.attribute} → ${one.receiver_name}, ${plot.unit(plotWords(data), one.claim)}.</span>`)}<span>${w.promisesNote}</span>${Keys(data)}</footer>`;
    };

    const Disagreements = (data) => {
      const w = wordsOf(data);
      if (!data.pairs.length) return html`<div class="nothing"><p>${w.noDisagreements}</p></div>`;
      return html`<ul class="pairs">${data.pairs.map((pair) => html`<li><h2><a href=${to(data, `/fact/${pair.fact.split("/").map(encodeURIComponent).join("/")}`)}>${pair.name}</a>${pair.valid ? html` <small>${w.heldIn(spanInWords(data, pair.valid))}</small>` : ""}</h2>
        <div class="sides">${pair.sides.map((side, index) => html`${index ? html`<span class="dis">≠</span>` : ""}<p><b>${inLanguage(data, pair, side.claim)}</b><span class="by">${Status(data, side.status)}<span>${side.origin}, ${inWords(data, side.day)}</span></span></p>`)}</div></li>`)}</ul>`;
    };

    const Ask = (data) => {
      const w = wordsOf(data);
      return html`<div class="asking"><div>
        <form action="/ask" method="get">${hidden({ ...data.asked, sql: undefined, x: undefined, y: undefined })}
        <label for="sql">SQL</label><textarea key=${data.sql} id="sql" name="sql" rows="8" spellCheck="false" autocapitalize="off">${data.sql ?? ""}</textarea>
        <button>${w.run}</button></form>
        ${data.problem ? html`<p class="problem" role="alert">${data.problem}</p>` : ""}
        ${data.answer ? AnswerRows(data) : ""}</div>
        ${data.queries.length ? html`<aside><h2>${w.queries}</h2><ul>${data.queries.map((query) => html`<li><a href=${to(data, "/ask", { sql: query.sql, x: undefined, y: undefined })} data-sql=${query.sql}>${query.title}</a></li>`)}</ul></aside>` : ""}</div>`;
    };

    const AnswerRows = (data) => {
      const w = wordsOf(data);
      const { rows, cut } = data.answer;
      const chart = data.asked.show === "chart";
      const way = (show, text) => html`<a href=${to(data, "/ask", { show })} aria-current=${(show === "chart") === chart ? "true" : undefined}>${text}</a>`;
      return html`<section class="answer"><h2>${w.rows(rows.length)}${cut ? "…" : ""}</h2>
        <p class="ways">${way(undefined, w.table)}${way("chart", w.chart)}<a download="answer.csv" href=${`/api/sql?${new page.Query({ ...dates(data), query: data.sql, format: "csv" }).text}`}>${w.csv}</a><button type="button" class="link needs-script" data-do="copyCsv">${w.copyCsv}</button></p>
        ${chart ? Columns(data) : AnswerTable(data)}</section>`;
    };
    const dates = ({ asked }) => Object.fromEntries(["as_of", "recorded_as_of", "valid_at", "policy", "basis"].map((name) => [name, asked[name]]));

    const cellText = (value) => (value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
    const AnswerTable = (data) => html`<div class="scroll" tabindex="0" role="region" aria-label=${wordsOf(data).rows(data.answer.rows.length)}><table><thead><tr>${data.answer.columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${data.answer.rows.map((row) => html`<tr>${row.map((value) => html`<td>${cellText(value)}</td>`)}</tr>`)}</tbody></table></div>`;

    /** Two columns of the answer that the reader chooses, as a chart. */
    const Columns = (data) => {
      const w = wordsOf(data);
      const { columns, types } = data.answer;
      const offered = plot.columnsOffered(data.answer);
      const asked = { ...data.answer, x: data.asked.x ?? offered.x, y: data.asked.y ?? offered.y };
      const found = plot.columnsData(asked, plotWords(data));
      const choose = (name, label, takes) => html`<label>${label} <select name=${name}>${[...new Set(columns)].map((column) => html`<option value=${column} selected=${column === asked[name]} disabled=${!takes.includes(plot.kindOf(types[columns.indexOf(column)]))}>${column}</option>`)}</select></label>`;
      const notes = found.problem === null ? [found.left && w.leftOut(found.left), found.more && w.firstOf(found.points.length, found.all), data.answer.cut && w.answerCut].filter(Boolean) : [];
      return html`<form class="columns" action="/ask" method="get" data-keeps="answer">${hidden({ ...data.asked, x: undefined, y: undefined })}
        ${choose("x", w.across, ["number", "date", "text"])}${choose("y", w.upwards, ["number", "date"])}<button class="without-script">${w.draw}</button></form>
        ${found.problem === null ? svg(plot.columns(asked, { width: Math.min(page.width ?? 860, 860), language: data.language, id: "q" }), true) : html`<p class="cannot" role="status">${found.problem}</p>`}
        ${notes.map((note) => html`<p class="note">${note}</p>`)}`;
    };

    const Problem = (data) => html`<div class="nothing"><p class="problem" role="alert">${data.problem}</p><p>${wordsOf(data).dateHelp}</p></div>`;

    page.inWords = inWords;
    const Body = (data) => (data.view === "problem" ? Problem : { beliefs: Beliefs, compare: Beliefs, fact: FactPage, promises: Promises, disagreements: Disagreements, ask: Ask }[data.view])(data);

    page.story = Story;

    /** Return the whole of a page: what is around, and the view that its data are of. */
    return (data) => html`${Bar(data)}<main id="answer" class=${data.view}>${data.view === "fact" ? "" : Head(data)}${Body(data)}</main>`;
  };

  /** Return what a page has of the days of a list with each state whole: the server sends what changes. */
  page.withDays = function (sent) {
    let last = {};
    return sent && { ...sent, states: sent.states.map((state) => (last = { ...last, ...state })) };
  };

  /** Return a view of beliefs as it is on another day, which `days` has, with some of its rows: else null. */
  page.onDay = function (data, days, day, rows = Infinity) {
    if (!days.states.length || (days.from && day < days.from) || (days.until && day >= days.until)) return null;
    let [first, last] = [0, days.states.length];
    while (last - first > 1) {
      const middle = (first + last) >> 1;
      if (days.states[middle].from <= day) first = middle;
      else last = middle;
    }
    const state = days.states[first];
    if (!days.rows) return onItsDay(page.dated(data, day), state, days);
    const [facts, reports, origins, disagreements] = state.summary;
    state.facet ??= state.status.map(([status, count]) => [status, status, count]);
    return {
      ...page.dated(data, day), axis: days.axes[state.axis], groups: grouped(state.rows.slice(0, rows).map((number) => days.rows[number]), state.counts), total: state.total, shown: state.rows.length, offset: 0,
      summary: { facts, reports, origins, disagreements }, facets: { ...data.facets, status: state.facet },
    };
  };

  /** Return a view as a state has it, on a day that may be later than that of the state. */
  function onItsDay(data, { from, at, ...shown }, days) {
    const found = { ...data, ...shown };
    if (found.flows) found.flows = { ...found.flows, panels: found.flows.panels.map((panel, index, all) => (index < all.length - 1 ? panel : { ...panel, day: data.as_of })) };
    if (found.chart) {
      const end = new Date(Date.parse(at) + Date.parse(data.as_of) - Date.parse(from)).toISOString().replace("Z", "000Z");
      found.chart = { ...found.chart, as_of: end, domain: reaching(days.domain, Date.parse(end)) };
      found.why = found.why.replace(`as of ${from}`, `as of ${data.as_of}`);
    }
    return found;
  }

  /** Return the domain of a chart with the date in it: a twelfth of what it reaches over is kept free at both ends, or two days. */
  function reaching(domain, end) {
    const [from, to] = domain.map((text) => Date.parse(text));
    const room = (reach) => Math.max(2 * 864e5, reach / 12);
    const free = room(to - from >= 28 * 864e5 ? ((to - from) * 6) / 7 : 0);
    const [first, last] = [Math.min(from + free, end), Math.max(to - free, end)];
    return [first - room(last - first), last + room(last - first)].map((at) => new Date(at).toISOString());
  }

  /** Return a view with another date, for a day on which all else is as it is. */
  page.dated = (data, day) => ({ ...data, as_of: day, is_now: false, trouble: undefined, asked: { as_of: day, ...data.asked, ...{ as_of: day, offset: undefined } } });

  function grouped(rows, counts) {
    const groups = [];
    for (const row of rows) {
      if (groups.at(-1)?.subject !== row.subject) groups.push({ subject: row.subject, name: row.subject_name, count: counts[groups.length], rows: [] });
      groups.at(-1).rows.push(row);
    }
    return groups;
  }

  /** The query of an address: names with texts or lists of them, in a fixed order. */
  page.Query = class {
    constructor(values) {
      this.text = Object.entries(values)
        .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).filter((one) => one !== undefined && one !== null && one !== "").map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`))
        .join("&");
    }
  };

  // What the server binds the tag to: elements as text

  const empty = new Set(["input", "br", "meta", "link", "hr", "path"]);
  const flat = (child) =>
    child === null || child === undefined || child === false || child === true ? "" : Array.isArray(child) ? child.map(flat).join("") : typeof child === "object" ? child.text : globalThis.timelinePlot.escape(child);

  /** Return an element as text, in the manner of `h` of Preact. */
  page.asText = function (tag, properties, ...children) {
    let attributes = "", inner = null;
    for (const [name, value] of Object.entries(properties ?? {})) {
      if (name === "key" || value === undefined || value === null || value === false) continue;
      if (name === "dangerouslySetInnerHTML") inner = value.__html;
      else attributes += value === true ? ` ${name}` : ` ${name}="${globalThis.timelinePlot.escape(value)}"`;
    }
    const body = inner ?? children.map(flat).join("");
    return { text: empty.has(tag) ? `<${tag}${attributes}/>` : `<${tag}${attributes}>${body}</${tag}>` };
  };
  page.textOf = flat;
})(globalThis.timelinePage);
