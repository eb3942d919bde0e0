import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const looks = [
  { width: 390, height: 844, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
  { width: 1_440, height: 900, colorScheme: 'light' },
  { width: 1_440, height: 900, colorScheme: 'dark' },
] as const;

/**
 * What axe finds wrong with the page as it is now, in light and dark, on a phone and on a wide screen: each finding with the
 * look, the rule and the element. Also whatever is wider than the screen. The page's own policy stays in force.
 */
export async function barriers(page: Page): Promise<string[]> {
  const found: string[] = [];
  const { width = 1_440, height = 900 } = page.viewportSize() ?? {};
  for (const { colorScheme, ...size } of looks) {
    const look = `${size.width} px ${colorScheme}`;
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResults;
    for (const { id, nodes } of violations)
      for (const { html, failureSummary } of nodes)
        found.push(`${look}: ${id}: ${html.slice(0, 200)}: ${failureSummary}`);
    const wider = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    if (Number(wider) > 0) found.push(`${look}: the page is ${String(wider)} px wider than the screen`);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  await page.setViewportSize({ width, height });
  return found;
}
