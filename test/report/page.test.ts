import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { readFlagNotes } from '../../src/report/page/flag-notes.ts';
import { renderPage } from '../../src/report/page/page.ts';
import { dark, light, type Theme } from '../../src/report/page/theme.ts';
import { chromium, openBrowser, type Page } from './browser.ts';
import { hostile, pageData, run } from './page-fixture.ts';

/** WCAG 2.1, relative luminance. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

test('texts and curves stand out from both backgrounds by 4.5 to 1', () => {
  assert.ok(Math.abs(contrast('#ffffff', '#000000') - 21) < 1e-9);
  for (const [name, theme] of Object.entries({ light, dark }) as [string, Theme][]) {
    const { page, card, ink, faint, accent, warning, series } = theme;
    for (const colour of [ink, faint, accent, warning, ...series]) {
      for (const background of [page, card]) {
        const found = contrast(colour, background);
        assert.ok(found >= 4.5, `${name}: ${colour} on ${background} has ${found.toFixed(2)}`);
      }
    }
    assert.equal(new Set(series).size, series.length);
  }
});

test('names cannot leave the data, and the page asks for nothing', async () => {
  const html = await renderPage(pageData());
  // Two scripts of its own; a name that could end one would make more.
  assert.equal(html.match(/<script/g)?.length, 2);
  assert.equal(html.match(/<\/script/g)?.length, 2);
  assert.ok(!html.includes('<img'), 'no name became an element');
  const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
  assert.deepEqual(JSON.parse(json), pageData());
  assert.doesNotMatch(html.replace(json, ''), /(src|href)="?https?:/);
});

test('every flag of the guide has its explanation and advice', async () => {
  const notes = await readFlagNotes();
  assert.ok('raw-rises' in notes && 'zero-gradients' in notes);
  for (const [name, { explanation, advice }] of Object.entries(notes)) {
    assert.ok(explanation.length > 20 && advice.length > 10, name);
    assert.doesNotMatch(explanation + advice, /\*\*|\n/, name);
  }
});

const skip = chromium ? false : 'no Chromium is installed (chromium, chromium-browser or google-chrome)';

describe('in a browser', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'medrobust-page-'));
  let page: Page;
  before(async () => {
    page = await openBrowser();
    await page.resize(1200, 900);
  });
  after(async () => {
    await page?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function show(data = pageData()): Promise<void> {
    const file = join(directory, 'page.html');
    writeFileSync(file, await renderPage(data));
    await page.open(pathToFileURL(file).href);
  }
  const count = (selector: string) =>
    page.evaluate<number>(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
  const textOf = (selector: string) =>
    page.evaluate<string>(`document.querySelector(${JSON.stringify(selector)}).textContent`);

  test('it opens offline, whole, without a request or an error', async () => {
    const asked = page.requests.length;
    await show();
    assert.equal(page.requests.length, asked + 1, `requests: ${page.requests.slice(asked)}`);
    assert.deepEqual(page.errors, []);
    const headings = await page.evaluate<string[]>(
      '[...document.querySelectorAll("h2")].map((heading) => heading.textContent)',
    );
    for (const heading of [
      'Robustness',
      'Attacked images',
      'Classes',
      'Diagnostics',
      'Training',
      'Checkpoints',
    ])
      assert.ok(headings.includes(heading), `${heading} of ${headings}`);
    assert.match(await textOf('#flags'), /raw-rises.*It overshoots\..*Quote pgd/s);
    assert.match(await textOf('#making'), /medrobust train/);
  });

  test('names are shown as they are and run nothing', async () => {
    await show();
    assert.equal(await page.evaluate('document.title'), hostile);
    assert.equal(await count('img[src="x"]'), 0);
    assert.equal(await textOf('h1'), hostile);
    assert.ok((await textOf('#gallery')).includes(hostile));
    assert.ok((await textOf('#classes')).includes(hostile));
    // Its policy forbids scripts that are not its own, should one get in.
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { text: 'document.title = "ran"' }))`,
    );
    assert.equal(await page.evaluate('document.title'), hostile);
    assert.match(page.errors.splice(0).join(), /Content Security Policy/);
  });

  test('the keyboard hides a curve and reads along the axis', async () => {
    await show();
    const id = 'curves-pgd-all classes';
    const curves = () => count('#curves .plot .curve');
    const before = await curves();
    await page.evaluate(`document.getElementById(${JSON.stringify(id)}).focus()`);
    await page.press(' ');
    assert.equal(await curves(), before - 1);
    assert.equal(await page.evaluate('document.activeElement.id'), id);
    await page.press(' ');
    assert.equal(await curves(), before);
    await page.evaluate('document.getElementById("curves-slider").focus()');
    const spoken = () => page.evaluate<string>('document.activeElement.getAttribute("aria-valuetext")');
    assert.match(await spoken(), /^epsilon 8\/255: fgsm 0\.300 \(0\.20–0\.40\), pgd 0\.100/);
    await page.press('ArrowLeft');
    assert.match(await spoken(), /^epsilon 4\/255: fgsm 0\.400/);
    assert.match(await textOf('#curves .legend'), /at epsilon 4\/255.*fgsm 0\.400 \(0\.30–0\.50\)/s);
  });

  test('pictures of many runs are folded away, and a key unfolds those of one', async () => {
    const { runs, ...rest } = pageData();
    const [first] = runs;
    const three = [1, 2, 3].map((seed) => ({ ...first!, seed, id: `${first!.id}-${seed}` }));
    await show({ ...rest, runs: three });
    assert.equal(await count('#gallery details'), 3);
    assert.equal(await count('#gallery details[open]'), 0);
    await page.evaluate('document.getElementById("gallery-of-1").focus()');
    await page.press('Enter');
    assert.equal(await count('#gallery details[open]'), 1);
    // What is chosen for all of them leaves it open.
    await page.evaluate('document.getElementById("prediction").click()');
    assert.equal(await count('#gallery details[open]'), 1);
  });

  test('noise as visible as the worst case is drawn in the norm of the worst case alone', async () => {
    const { runs, ...rest } = pageData();
    const [first] = runs;
    const [one] = first!.measured;
    const inL2 = one!.curves.map((curve) => ({ ...curve, norm: 'l2' }));
    const both = { ...one!, curves: [...one!.curves, ...inL2] };
    await show({ ...rest, runs: [{ ...first!, measured: [both] }] });
    assert.match(await textOf('#curves .legend'), /gaussianNoise/);
    await page.evaluate(
      'const norm = document.getElementById("norm"); norm.value = "l2"; norm.dispatchEvent(new Event("change"))',
    );
    assert.equal(await page.evaluate('document.getElementById("norm").value'), 'l2');
    assert.doesNotMatch(await textOf('#curves .legend'), /gaussianNoise/);
  });

  test('what all runs were attacked with in another norm is a choice of its own, and not the first', async () => {
    const { runs, ...rest } = pageData();
    const [first] = runs;
    const main = { ...first!.measured[0]!, label: 'test, best checkpoint' };
    const inL0 = {
      label: 'test, best checkpoint, l0',
      curves: main.curves.slice(0, 1).map((curve) => ({ ...curve, attack: 'jsma', norm: 'l0' })),
    };
    const two = [1, 2].map((seed) => ({
      ...first!,
      seed,
      id: `${first!.id}-${seed}`,
      measured: [main, inL0],
    }));
    await show({ ...rest, runs: two });
    assert.deepEqual(
      await page.evaluate('[...document.querySelectorAll("#measured option")].map((option) => option.value)'),
      ['test', 'test, l0'],
    );
    assert.equal(await page.evaluate('document.getElementById("measured").value'), 'test');
    assert.match(await textOf('#robustness'), /epsilon \(linf/);
  });

  test('the pointer reads where it is', async () => {
    await show();
    const [x, y] = await page.evaluate<[number, number]>(
      '(() => { const { left, top, width, height } = document.querySelector("#curves .plot").getBoundingClientRect(); return [left + width * 0.3, top + height / 2]; })()',
    );
    await page.point(x, y);
    assert.match(await textOf('#curves .where'), /epsilon 2\/255/);
  });

  test('intervals, raw values and classes can be chosen', async () => {
    await show();
    const click = (id: string) => page.evaluate(`document.getElementById(${JSON.stringify(id)}).click()`);
    const bands = () => count('#curves .plot [fill-opacity="0.13"]');
    assert.ok((await bands()) > 0);
    await click('bands');
    assert.equal(await bands(), 0);
    const before = await count('#curves .legend input');
    await click('class-benign');
    assert.equal(await count('#curves .legend input'), before + 3, 'three curves of one class more');
    await page.evaluate(
      `(() => { const select = document.getElementById('which'); select.selectedIndex = 1; select.dispatchEvent(new Event('change')); })()`,
    );
    assert.match(await textOf('#curves details'), /4\/2550\.450/, 'the raw value stands in the table');
  });

  test('everything has a name for those who cannot see it', async () => {
    await show();
    const nameless = await page.evaluate<string[]>(`[
      ...[...document.querySelectorAll('img:not([alt])')].map(() => 'img without alt'),
      ...[...document.querySelectorAll('svg:not([aria-label]):not([aria-hidden])')].map(() => 'svg without label'),
      ...[...document.querySelectorAll('table:not(:has(caption))')].map(() => 'table without caption'),
      ...[...document.querySelectorAll('input, select')].filter((one) => !one.labels?.length && !one.ariaLabel).map(({ id }) => id),
    ]`);
    assert.deepEqual(nameless, []);
    const ids = await page.evaluate<string[]>('[...document.querySelectorAll("[id]")].map(({ id }) => id)');
    assert.equal(new Set(ids).size, ids.length, 'ids are unique');
    const label = await page.evaluate<string>(
      'document.querySelector("#curves svg[role=img]").getAttribute("aria-label")',
    );
    assert.match(label, /accuracy of 40 images.*pgd from 0\.900 .* at 0 to 0\.100 .* at 8\/255/);
    assert.equal(await count('h1'), 1);
    // Focus is to be seen.
    await page.press('Tab');
    assert.notEqual(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none');
  });

  test('a narrow window needs no scrolling aside', async () => {
    await page.resize(360, 800);
    await show(pageData([run({ id: 'a', experiment: 'a' })]));
    assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 360);
    await page.resize(1200, 900);
  });

  test('a run without a finished epoch, or without attacks, says so', async () => {
    const { best, robustBest, gallery, ...bare } = run({ records: [], measured: [], checkpoints: [] });
    await show(pageData([bare]));
    assert.match(await textOf('#robustness'), /nothing was attacked so far/);
    assert.match(await textOf('#training'), /first epoch has not ended/);
    assert.deepEqual(page.errors, []);
  });

  test('several runs are told apart by net, and the worst case of each is shown first', async () => {
    const other = { id: 'b/1', experiment: 'b', net: 'unet' };
    await show(pageData([run(), run(other)]));
    const shown = await page.evaluate<string[]>(
      `[...document.querySelectorAll('#curves .legend input:checked')].map((one) => one.labels[0].querySelector('.name').textContent)`,
    );
    assert.deepEqual(shown, ['resnet, worst', 'unet, worst']);
    const ids = await page.evaluate<string[]>('[...document.querySelectorAll("[id]")].map(({ id }) => id)');
    assert.equal(new Set(ids).size, ids.length, 'ids are unique');
  });
});
