import { themeCss } from './theme.ts';

/** The style of the page. */
export const css = `${themeCss}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1240px;padding:0 20px 60px;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:24px 0 0}
h2{font-size:1.2rem;margin:0 0 10px}
h3{font-size:1.05rem;margin:18px 0 8px}
h4{font-size:.95rem;margin:12px 0 4px;overflow-wrap:anywhere}
h1,h3,p,li,code{overflow-wrap:anywhere}
p{margin:8px 0}
a{color:var(--accent)}
.faint,small{color:var(--faint)}
section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:16px 18px;margin:16px 0}
nav ul,.key,.tiles{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;padding:0;margin:10px 0}
.tiles{gap:10px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:8px 14px;min-width:130px}
.tile dt{color:var(--faint);font-size:.85rem;overflow-wrap:anywhere}
.tile dd{margin:0;font-size:1.3rem;font-variant-numeric:tabular-nums}
.tile small{display:block;font-size:.8rem}
.controls{display:flex;flex-wrap:wrap;gap:6px 18px;align-items:center;margin:6px 0}
fieldset{border:0;padding:0;margin:0;min-width:0}
fieldset.controls{border:1px solid var(--line);border-radius:6px;padding:2px 12px 6px}
legend{color:var(--faint);font-size:.85rem;padding:0 4px}
.toggle,.choice{display:inline-flex;align-items:center;gap:6px;cursor:pointer}
select,input{accent-color:var(--accent);font:inherit}
select{color:var(--ink);background:var(--card);border:1px solid var(--faint);border-radius:5px;padding:2px 4px;max-width:100%}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:2px}
figure{margin:0}
.chart{margin:8px 0 4px;min-width:0}
.chart>figcaption{font-weight:600;margin-bottom:4px;overflow-wrap:anywhere}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));gap:20px}
.reading{display:grid;grid-template-columns:minmax(0,1fr) minmax(200px,300px);gap:16px;align-items:start}
.charts .reading{grid-template-columns:minmax(0,1fr)}
.plot{width:100%;min-height:120px;touch-action:pan-y}
.plot svg{display:block;max-width:100%}
.plot text{fill:var(--faint);font-size:12px}
.plot .label{fill:var(--ink);font-size:13px}
.grid{stroke:var(--line)}
.axis{stroke:var(--faint)}
.guide{stroke:var(--faint);stroke-dasharray:3 3}
.curve{fill:none;stroke-width:2.2;stroke-linejoin:round}
.beneath path{fill:none;stroke:var(--faint);stroke-opacity:.45;stroke-width:9;stroke-linejoin:round;stroke-linecap:round}
input[type=range]{width:100%;margin:2px 0;display:block}
.legend{display:flex;flex-direction:column;gap:3px;font-size:.9rem;max-height:420px;overflow:auto}
.charts .legend{max-height:none}
.legend .toggle{align-items:start}
.legend .toggle svg{flex:none;margin-top:2px}
.legend input{margin-top:5px;flex:none}
.entry{display:grid;grid-template-columns:28px minmax(0,1fr);gap:0 8px}
.name{overflow-wrap:anywhere}
.value{color:var(--faint);font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto;max-width:100%;margin:8px 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
caption{text-align:left;white-space:normal;font-weight:600;padding:4px 0;overflow-wrap:anywhere}
th,td{border-bottom:1px solid var(--line);padding:3px 14px 3px 0;text-align:left;vertical-align:top;white-space:nowrap}
.long{white-space:normal;min-width:24em}
tbody th{font-weight:400}
thead th{color:var(--faint);font-weight:600}
details{margin:8px 0}
summary{cursor:pointer;color:var(--accent)}
pre{overflow:auto;max-height:480px;background:var(--page);padding:10px;border-radius:6px;font-size:.85rem}
code{font-size:.9em}
.pictures{display:flex;flex-wrap:wrap;gap:12px}
.pair{display:flex;gap:12px}
.picture{min-width:0}
.layers{position:relative}
.layers img{position:absolute;inset:0;width:100%;height:100%}
.pixels,.layer{image-rendering:pixelated}
.picture figcaption{font-size:.82rem;line-height:1.35;margin-top:3px}
.picture figcaption>*{display:block;overflow-wrap:anywhere}
.changed{color:var(--warning);font-weight:600}
.whole{max-width:none;height:auto;zoom:.5}
.plane{display:block;max-width:100%;height:auto;background:#fff;border-radius:6px}
.swatch{display:inline-block;width:12px;height:12px;border:1px solid var(--faint);margin-right:6px}
.flags strong{color:var(--warning)}
.note{border-left:3px solid var(--line);padding-left:12px;margin:10px 0}
.news{position:fixed;right:12px;bottom:8px;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:4px 10px;margin:0;font-size:.85rem}
.news:empty{display:none}
@media (max-width:720px){body{padding:0 10px 40px}section{padding:12px}.reading{grid-template-columns:minmax(0,1fr)}.legend{max-height:none}}
@media print{section{break-inside:avoid}.news{display:none}}
`;
