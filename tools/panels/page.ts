import type { View } from './ask.ts';
import { escaped } from './escaped.ts';
import { drawn, type Told } from './panel.ts';

const style = `
*{box-sizing:border-box;margin:0}
body{font:12px/1.4 "DejaVu Sans",sans-serif;color:#24292e;background:#f4f5f5;padding:12px;width:1456px}
h1{font-size:16px;font-weight:500;margin-bottom:10px}
main{position:relative}
section{position:absolute;background:#fff;border:1px solid #dfe1e3;border-radius:2px;padding:0 8px;overflow:hidden}
h2{font-size:13px;font-weight:600;line-height:30px;height:30px;white-space:nowrap}
h2 i{display:inline-block;width:14px;height:14px;line-height:13px;border:1px solid #8a9299;border-radius:50%;color:#6a737b;font-size:10px;text-align:center;margin-left:6px}
svg{display:block}
svg text{font-size:11px;fill:#464c54}
svg text.on{fill:#fff;font-weight:600}
.grid{stroke:#e4e6e8}
.stat{font-size:34px;font-weight:500;text-align:center;line-height:96px;white-space:nowrap}
.none{color:#6a737b;text-align:center;padding-top:30px;font-size:14px}
.legend{overflow:hidden;line-height:20px;font-size:11px}
.legend span{display:inline-block;margin-right:14px;white-space:nowrap}
.legend b{display:inline-block;width:14px;height:4px;border-radius:2px;margin-right:5px;vertical-align:middle}
.table{overflow:hidden}
table{width:100%;border-collapse:collapse}
th{color:#1f60c4;font-weight:600}
td,th{text-align:left;padding:6px 6px;border-bottom:1px solid #e4e6e8;white-space:nowrap}
.value{text-align:right;font-variant-numeric:tabular-nums}
`;

/** A row of the dashboard as a page of its own. */
export function page(title: string, told: readonly Told[], view: View, names: (text: string) => string): string {
  const top = Math.min(...told.map(({ panel }) => panel.gridPos.y));
  const bottom = Math.max(...told.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h));
  const moved = told.map((one) => ({
    ...one,
    panel: { ...one.panel, gridPos: { ...one.panel.gridPos, y: one.panel.gridPos.y - top } },
  }));
  const panels = moved.map((one) => drawn(one, view, names)).join('\n');
  return `<!doctype html><meta charset="utf-8"><style>${style}</style><h1>${escaped(names(title))}</h1><main style="height:${(bottom - top) * 38}px">${panels}</main>`;
}
