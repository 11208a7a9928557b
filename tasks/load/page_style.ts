/** The look of a report's page, light and dark. The colours are Okabe and Ito's, which colour-blind people tell apart. */
export const PAGE_STYLE = `
:root { --ground: #fff; --ink: #1b1f24; --soft: #57606a; --rule: #d0d7de; --bad: #b3261e; --mark: #b3261e22;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #a8588a; --c4: #8a6d00; --c5: #2f86c1; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #11151a; --ink: #e6edf3; --soft: #9aa5b1; --rule: #30363d; --bad: #ff8a80; --mark: #ff8a8026;
    --c0: #56b4e9; --c1: #f0883e; --c2: #2cc295; --c3: #d68fbc; --c4: #e3c44a; --c5: #8ab4f8; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.6rem; } h2 { margin: 2rem 0 0.25rem; font-size: 1.2rem; }
p { margin: 0.25rem 0 1rem; } ul { padding-left: 1.2rem; } time { white-space: nowrap; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
th:first-child { text-align: left; } thead th { color: var(--soft); font-weight: 600; } tbody th { font-weight: 400; }
figure { margin: 1.5rem 0; } figcaption { font-weight: 600; } svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; } .end { text-anchor: end; } .middle { text-anchor: middle; }
.grid { stroke: var(--rule); } .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.mark { fill: var(--mark); } .mark-line { stroke: var(--bad); stroke-dasharray: 4 3; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin: 0; color: var(--soft); font-size: 0.85rem; }
.legend i { display: inline-block; width: 0.9em; margin-right: 0.4em; vertical-align: middle; }
.swatch-line { height: 3px; } .swatch-layer { height: 0.9em; }
${
  Array.from(
    { length: 6 },
    (_, index) =>
      `.line-${index} { stroke: var(--c${index}); } .layer-${index} { fill: var(--c${index}); } ` +
      `.colour-${index} { background: var(--c${index}); }`,
  ).join("\n")
}
`;
