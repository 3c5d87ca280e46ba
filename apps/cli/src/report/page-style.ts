/** The style of the page, for light and dark, screen and paper. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --ink: #1b2330; --quiet: #5a6575; --line: #dfe3ea;
  --allowed: #2f7d5b; --would: #c77700; --blocked: #b3263a; --cell: #3557a6; --focus: #3557a6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161d; --card: #1a202a; --ink: #e8ecf2; --quiet: #a3aebd; --line: #303947;
    --allowed: #57b98d; --would: #f0a63c; --blocked: #f0677b; --cell: #7d9df0; --focus: #9db6ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 1080px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
.brand { margin: 0; color: var(--quiet); font-weight: 600; letter-spacing: 0.12em; text-transform: uppercase; font-size: 12px; }
h1 { margin: 4px 0; font-size: 28px; line-height: 1.2; }
h2 { margin: 0 0 12px; font-size: 18px; }
h3 { margin: 20px 0 8px; font-size: 15px; }
.sub, .none { color: var(--quiet); }
section { margin: 20px 0; padding: 20px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(108px, 1fr)); gap: 12px; margin: 20px 0; }
.tile { padding: 12px 14px; background: var(--card); border: 1px solid var(--line); border-top: 3px solid var(--line); border-radius: 10px; }
.tile dt { color: var(--quiet); font-size: 13px; }
.tile dd { margin: 0; font-size: 24px; font-weight: 650; font-variant-numeric: tabular-nums; }
.tile.allowed { border-top-color: var(--allowed); }
.tile.wouldBlock { border-top-color: var(--would); }
.tile.blocked { border-top-color: var(--blocked); }
figure { margin: 0 0 12px; overflow-x: auto; }
figure svg { display: block; width: 100%; min-width: 640px; height: auto; }
svg text { fill: var(--ink); font-size: 12.5px; font-family: inherit; }
svg text.on-dark { fill: var(--card); }
svg .grid { stroke: var(--line); stroke-width: 1; }
.s-allowed { fill: var(--allowed); }
.s-wouldBlock { fill: var(--would); stroke: var(--card); stroke-width: 1; }
.s-blocked { fill: var(--blocked); stroke: var(--card); stroke-width: 1; }
.cell { fill: var(--cell); }
.legend { display: flex; flex-wrap: wrap; gap: 16px; margin: 0 0 8px; padding: 0; list-style: none; color: var(--quiet); font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 6px; }
.scroll { overflow: auto; max-height: 460px; border: 1px solid var(--line); border-radius: 8px; }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; }
thead th { position: sticky; top: 0; background: var(--card); box-shadow: inset 0 -1px var(--line); color: var(--quiet); font-weight: 600; }
th, td { padding: 7px 12px; text-align: left; vertical-align: top; overflow-wrap: break-word; }
tbody th { font-weight: 500; min-width: 160px; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
summary { cursor: pointer; color: var(--quiet); }
details > .scroll { margin-top: 8px; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 12px; top: 12px; padding: 8px 12px; background: var(--card); color: var(--ink); }
footer { padding-bottom: 36px; color: var(--quiet); font-size: 13px; }
@media print { .scroll { max-height: none; overflow: visible; } section { break-inside: avoid; } }
`;
