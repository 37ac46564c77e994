import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { servePage } from '../../src/cli/page-server.ts';
import { renderPage } from '../../src/report/page/page.ts';
import { chromium, openBrowser } from '../report/browser.ts';
import { pageData, run } from '../report/page-fixture.ts';

const skip = chromium ? false : 'no Chromium is installed (chromium, chromium-browser or google-chrome)';

test('a page follows its run, keeps what the reader chose, and says when it is left alone', {
  skip,
}, async () => {
  const records = run().records;
  let data = pageData([run({ records: records.slice(0, 1) })]);
  const server = await servePage(
    {
      version: async () => String(data.runs[0]!.records.length),
      data: async () => JSON.stringify(data),
      page: () => renderPage(data, { live: true }),
    },
    0,
  );
  const page = await openBrowser();
  const until = async (expression: string) => {
    for (let tries = 0; tries < 150; tries++) {
      if (await page.evaluate<boolean>(expression)) return;
      await delay(100);
    }
    assert.fail(`never came: ${expression}`);
  };
  try {
    await page.resize(1000, 700);
    await page.open(server.url);
    await until(`/epoch 2 of 3/.test(document.querySelector('[role=status]').textContent)`);
    const hidden = 'curves-fgsm-all classes';
    await page.evaluate(`document.getElementById(${JSON.stringify(hidden)}).focus()`);
    await page.press(' ');
    const place = await page.evaluate<number>('(window.scrollTo(0, 900), window.scrollY)');
    assert.ok(place > 0);
    data = pageData([run({ records })]);
    await until(`/epoch 3 of 3/.test(document.querySelector('[role=status]').textContent)`);
    await until('document.querySelector("#loss svg[role=img]").getAttribute("aria-label").includes("at 2")');
    assert.equal(await page.evaluate(`document.getElementById(${JSON.stringify(hidden)}).checked`), false);
    assert.equal(await page.evaluate('document.activeElement.id'), hidden);
    assert.equal(await page.evaluate('window.scrollY'), place);
    assert.deepEqual(page.errors, []);
    assert.ok(
      page.requests.every((url) => url.startsWith(server.url)),
      `${page.requests}`,
    );
    await server.close();
    await until(`/has ended/.test(document.querySelector('[role=status]').textContent)`);
  } finally {
    await page.close();
    await server.close().catch(() => {});
  }
});
