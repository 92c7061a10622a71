/** Looks of the page. Colours have a contrast of 4.5:1 at least in both schemes. */
export const PAGE_STYLE = `
:root { --back: #fbfbfa; --panel: #fff; --text: #1c1e21; --faint: #5b626b; --line: #dddfe3; --accent: #0b5cad;
  --pass: #12692f; --pass-back: #e2f4e7; --fail: #a5121c; --fail-back: #fde7e8;
  --deviates: #7a4b00; --deviates-back: #fdf0d5; --na: #4d5560; --na-back: #eceef1; }
@media (prefers-color-scheme: dark) { :root { --back: #15171a; --panel: #1d2024; --text: #e7e9ec; --faint: #a3abb5;
  --line: #33383f; --accent: #79b8ff; --pass: #7ee2a0; --pass-back: #14321f; --fail: #ff9a9e; --fail-back: #43181b;
  --deviates: #ffcf7a; --deviates-back: #3b2b0c; --na: #b4bcc6; --na-back: #2a2f35; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 76rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.5rem; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; text-wrap: balance; }
h2 { margin: 0 0 .5rem; font-size: 1.1rem; }
header p { margin: .4rem 0 0; color: var(--faint); }
header .product { margin: 0 0 .3rem; font-size: .85rem; font-weight: 600; letter-spacing: .06em; text-transform: uppercase; color: var(--accent); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 1rem; margin: 1.5rem 0; }
.cards article { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.2rem; }
.cards table { width: 100%; margin: .7rem 0 0; border-collapse: collapse; font-variant-numeric: tabular-nums; }
.cards th, .cards td { padding: .1rem 0 .1rem .6rem; border: 0; text-align: right; font-size: .9rem; font-weight: 400; color: var(--faint); }
.cards th:first-child, .cards td:first-child { padding-left: 0; text-align: left; } .cards thead th { font-size: .8rem; vertical-align: bottom; }
.cards tfoot th, .cards tfoot td { font-size: 1.15rem; font-weight: 700; padding-top: .3rem; }
.cards .pass { color: var(--pass); } .cards .fail { color: var(--fail); font-weight: 700; } .cards .deviates { color: var(--deviates); }
.cards tfoot th, .cards tfoot .none { font-weight: 400; }
code { font-size: .9em; overflow-wrap: anywhere; }
.failures { margin: 0 0 1rem; padding: 1rem 1.2rem; border: 1px solid var(--fail); border-radius: .6rem; background: var(--fail-back); }
.failures h2 { color: var(--fail); } .failures ul { margin: 0; padding-left: 1.1rem; } .failures a { color: var(--fail); font-weight: 600; }
.meanings { margin-bottom: 1rem; } dl { display: grid; grid-template-columns: auto 1fr; gap: .3rem .8rem; margin: .6rem 0; } dd { margin: 0; }
.bar { display: flex; height: .6rem; border-radius: .3rem; overflow: hidden; background: var(--na-back); }
.bar span { display: block; } .bar .pass { background: var(--pass); } .bar .fail { background: var(--fail); }
.bar .deviates { background: #c98a12; } .bar .na { background: var(--na); opacity: .45; }
.filters { display: flex; flex-wrap: wrap; align-items: end; gap: .6rem 1.5rem; position: sticky; top: 0; z-index: 1;
  padding: .7rem 0; background: var(--back); border-bottom: 1px solid var(--line); }
.filters[hidden] { display: none; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; } legend { padding: 0; font-size: .8rem; color: var(--faint); }
fieldset label { margin-right: .9rem; white-space: nowrap; font-size: .9rem; }
input[type=search] { font: inherit; font-size: .9rem; padding: .3rem .5rem; width: 15rem; max-width: 100%; color: inherit; background: var(--panel); border: 1px solid var(--faint); border-radius: .35rem; }
.search { font-size: .8rem; color: var(--faint); display: grid; }
.shown { margin-left: auto; color: var(--faint); font-size: .9rem; }
.requirements { width: 100%; border-collapse: collapse; margin: 1rem 0 3rem; }
.requirements th, .requirements td { text-align: left; vertical-align: top; padding: .6rem .7rem .6rem 0; border-bottom: 1px solid var(--line); }
.requirements thead th { font-size: .8rem; color: var(--faint); font-weight: 600; }
.requirements tr { scroll-margin-top: 9rem; } .requirements tr:target { background: var(--na-back); }
.requirements tbody th { white-space: nowrap; font-variant-numeric: tabular-nums; } tbody th a { color: inherit; text-decoration: none; }
tbody th a:hover { text-decoration: underline; }
.text { width: 100%; max-width: 0; } .level { white-space: nowrap; font-size: .85rem; } .clause { color: var(--faint); font-size: .85rem; max-width: 11rem; } .clause a { color: inherit; white-space: nowrap; text-decoration-color: var(--line); text-underline-offset: .2em; } .clause a:hover { color: var(--accent); }
.badge { display: inline-block; padding: .05rem .55rem; border-radius: 1rem; font-size: .8rem; font-weight: 600; white-space: nowrap; }
.badge.pass { color: var(--pass); background: var(--pass-back); } .badge.fail { color: var(--fail); background: var(--fail-back); }
.badge.deviates { color: var(--deviates); background: var(--deviates-back); } .badge.na { color: var(--na); background: var(--na-back); }
.mark { font-size: .8rem; color: var(--faint); white-space: nowrap; } .mark.fail { color: var(--fail); font-weight: 600; }
.reason { margin: .3rem 0 0; font-size: .9rem; color: var(--faint); }
details { margin-top: .25rem; font-size: .9rem; } summary { color: var(--accent); cursor: pointer; width: fit-content; }
details ul { margin: .3rem 0 0; padding-left: 1.1rem; }
pre { overflow-x: auto; margin: .5rem 0; padding: .7rem; background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; font-size: .8rem; }
.masks { margin-bottom: 3rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media screen and (max-width: 45rem) { header, main { padding: 0 1rem; } header { padding-top: 1.5rem; } .filters { position: static; } .search, .search input { width: 100%; }
  .requirements tr { scroll-margin-top: 1rem; } .requirements thead { display: none; } .requirements, .requirements tbody { display: block; }
  .requirements tbody tr { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .8rem; padding: .7rem 0; border-bottom: 1px solid var(--line); }
  .requirements tbody tr[hidden] { display: none; } .requirements tbody th, .requirements tbody td { border: 0; padding: 0; }
  .clause { max-width: none; } .requirements .text { order: 1; width: auto; max-width: none; flex: 1 0 100%; min-width: 0; overflow-wrap: anywhere; }
  .result { margin-top: .2rem; order: 2; font-size: .8rem; color: var(--faint); } .result::before { content: attr(data-profile) ' '; } }
@media print { :root { --back: #fff; --panel: #fff; --text: #000; --faint: #444; --line: #ccc; --accent: #000; color-scheme: light;
  --pass: #12692f; --pass-back: #e2f4e7; --fail: #a5121c; --fail-back: #fde7e8; --deviates: #7a4b00; --deviates-back: #fdf0d5; --na: #4d5560; --na-back: #eceef1; }
  @page { margin: 15mm; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } .filters, .meanings:not([open]) { display: none; }
  html { font-size: 9pt; } body { line-height: 1.35; font-size: 1rem; } header, main { max-width: none; padding: 0; } .cards { grid-template-columns: repeat(2, 1fr); break-inside: avoid; } h1 { font-size: 16pt; }
  .requirements tr { break-inside: avoid; } .requirements tr:has(details[open]) { break-inside: auto; } .requirements th, .requirements td { padding: .25rem .6rem .25rem 0; } .requirements details:not([open]) { display: none; }
  .clause a { text-decoration: none; } pre { white-space: pre-wrap; } }
`;

/** Filters rows by the boxes and the words above the table; without it the page shows all of them. */
export const PAGE_SCRIPT = `
const form = document.querySelector('.filters');
const rows = [...document.querySelectorAll('.requirements tbody tr')];
const words = rows.map((row) => row.textContent.toLowerCase());
function filter() {
  const chosen = (name) => new Set([...form.querySelectorAll('input[name=' + name + ']:checked')].map((box) => box.value));
  const levels = chosen('level'), results = chosen('result');
  const find = form.elements.find.value.trim().toLowerCase();
  let shown = 0;
  rows.forEach((row, i) => {
    row.hidden = !(levels.has(row.dataset.level) && row.dataset.result.split(' ').some((one) => results.has(one)) && words[i].includes(find));
    if (!row.hidden) shown++;
  });
  form.querySelector('.shown').value = shown + ' of ' + rows.length + ' shown';
}
form.hidden = false;
form.addEventListener('input', filter);
form.addEventListener('submit', (event) => event.preventDefault());
filter();
`;
