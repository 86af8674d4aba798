// Undoes what packed.py does: columns become rows again, and compressed text is text again.
"use strict";
(function () {
  const unpacked = (globalThis.timelineUnpacked = {});

  /** Return the rows of a table of columns. */
  unpacked.rows = function (shared, { rows, columns }) {
    const found = Array.from({ length: rows }, () => ({}));
    for (const [name, [values, steps]] of Object.entries(columns)) {
      let place = 0;
      shared[steps].forEach((step, index) => (found[index][name] = shared[values][(place += step)]));
    }
    return found;
  };

  if (globalThis.document === undefined) return;
  // Where a browser cannot do it, the page stays as it reads without scripts.
  if (globalThis.DecompressionStream === undefined) return;
  const bytes = Uint8Array.from(atob(document.getElementById("packed").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  new Response(stream).text().then((text) => {
    const { scripts, state } = JSON.parse(text);
    unpacked.state = state;
    for (const script of scripts) {
      const element = document.createElement("script");
      element.textContent = script;
      document.head.append(element);
    }
  });
})();
