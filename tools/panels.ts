// `npm run panels [-- --out DIR]`: pictures of the Grafana dashboard, in docs/images. They are not Grafana's: its panels are
// drawn here, from the dashboard's file and from what a real Prometheus, which has scraped the operator through a month of the
// Square simulator, answers to the panels' queries.
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createEnding } from '../demo/ending.ts';
import { openScreen } from '../demo/screen.ts';
import { runDir } from '../test/cluster/temp-dir.ts';
import { launchChromium } from '../test/support/chromium.ts';
import { type Prometheus, startPrometheus, withoutWaiting } from '../test/support/prometheus.ts';
import { rulesFile } from './monitoring/rules.ts';
import { ask, filled, stepOf, type View } from './panels/ask.ts';
import { type Section, shippedSections } from './panels/dashboard-file.ts';
import { clockText } from './panels/graph.ts';
import { page } from './panels/page.ts';
import { insideOf } from './panels/panel.ts';
import { ailing, playOut } from './panels/story.ts';
import { startStage } from './screenshots/stage.ts';

const { values } = parseArgs({ options: { out: { type: 'string', default: 'docs/images' } } });
const out = resolve(values.out);
const ending = createEnding((error) => process.stderr.write(`while ending: ${String(error)}\n`));
/** Seconds. What would be set in Grafana as the data source's scrape interval: rates are of four of them. */
const shownInterval = 2;
const names = ['fleet', 'square', 'connection', 'operator'] as const;

/** The story, and what of it is looked at. */
async function live(dir: string): Promise<{ prometheus: Prometheus; view: View }> {
  const stage = await startStage(dir, ending, openScreen(process.stdout, process.env));
  const prometheus = await startPrometheus(dir, stage.metricsURL, withoutWaiting(rulesFile()));
  ending.add(() => prometheus.stop());
  const start = Date.now() / 1_000;
  const note = (what: string) =>
    process.stdout.write(`${clockText(Date.now() / 1_000 - start).padStart(5)}  ${what}\n`);
  await playOut(stage, note);
  const chosen = { environment: '.*', application: '.*', ...ailing };
  return { prometheus, view: { start, end: Date.now() / 1_000, scrape: shownInterval, chosen } };
}

async function drawAll(prometheus: Prometheus, view: View): Promise<void> {
  const browser = await launchChromium();
  ending.add(() => browser.close());
  const tab = await (await browser.newContext({ viewport: { width: 1456, height: 600 } })).newPage();
  const draw = async ({ title, panels }: Section, name: string) => {
    const told = [];
    for (const panel of panels) {
      const { width } = insideOf(panel.gridPos);
      told.push({ panel, frames: await ask(prometheus, panel, view, width), step: stepOf(view, width) });
    }
    await tab.setContent(page(title, told, view, (text) => filled(text, view, shownInterval)));
    await tab.screenshot({ path: join(out, `dashboard-${name}.png`), fullPage: true });
    process.stdout.write(`dashboard-${name}.png\n`);
  };
  for (const [i, section] of shippedSections().entries()) await draw(section, names[i] ?? `${i}`);
}

const dir = await runDir();
ending.add(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
try {
  await mkdir(out, { recursive: true });
  const { prometheus, view } = await live(dir);
  await drawAll(prometheus, view);
} finally {
  await ending.run();
}
process.exit();
