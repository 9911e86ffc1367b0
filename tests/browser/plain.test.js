// What is there for a reader without scripts, and where the links lead.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { folder, pageAt, pages, start, Tabs } from "./site.js";

let browser, tabs;
before(async () => {
  browser = await start();
  tabs = new Tabs(browser, { javaScriptEnabled: false });
});
after(() => browser?.close());

const read = new Map();

/** The anchors of a page and the links and files that it names, as its file has them. */
async function contents(page, tab) {
  if (!read.has(page)) {
    const opened = tab ?? await tabs.open(page);
    read.set(page, await opened.evaluate(() => ({
      anchors: [...document.querySelectorAll("[id]")].map(element => element.id),
      links: [...document.querySelectorAll("[href], [src]")].map(element => element.href?.baseVal ?? element.href ?? element.src)
        .map(to => new URL(to, document.baseURI).href),
      language: document.documentElement.lang,
      other: [...document.querySelectorAll("a[hreflang]")].map(link => [link.hreflang, link.href]),
    })));
    await (tab ? null : tabs.close(opened));
  }
  return read.get(page);
}

describe("every page without scripts", { concurrency: 2 }, () => {
  for (const page of pages) {
    it(`${page} can be read`, async () => {
      const tab = await tabs.open(page);
      await contents(page, tab);
      assert.deepEqual(await tab.evaluate(() => {
        document.querySelectorAll("main details").forEach(details => { details.open = true; }); // as the reader can, without scripts
        const visible = (element, height) => element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().height >= height;
        const wrong = [];
        for (const figure of document.querySelectorAll("figure.rstlab-figure")) {
          if (![...figure.querySelectorAll("svg.rstlab-svg, .rstlab-cells")].some(picture => visible(picture, 60))) {
            wrong.push(`no picture: ${figure.querySelector("figcaption").textContent}`);
          }
        }
        for (const element of document.querySelectorAll("main :is(h1, h2, h3, p, li, pre, table, figcaption)")) {
          if (element.textContent.trim() && !visible(element, 8)) {
            wrong.push(`not to be seen: ${element.tagName} ${element.textContent.trim().slice(0, 60)}`);
          }
        }
        if (!document.querySelector("main h1") || document.querySelector("main").innerText.length < 500) {
          wrong.push("no text");
        }
        for (const button of document.querySelectorAll("button")) {
          if (button.checkVisibility()) {
            wrong.push(`a button that does nothing: ${button.outerHTML}`);
          }
        }
        return wrong;
      }), []);
      assert.deepEqual(tab.troubles, []);
      await tabs.close(tab);
    });
  }
});

describe("every link and every file", () => {
  for (const page of pages) {
    it(`that ${page} names is there`, async () => {
      const { anchors, links } = await contents(page);
      const missing = anchors.filter((anchor, i) => anchors.indexOf(anchor) < i).map(anchor => `#${anchor} is there twice`);
      for (const link of new Set(links)) {
        if (!link.startsWith("file:")) {
          missing.push(.../^(https|data|mailto):/.test(link) ? [] : [link]);
          continue;
        }
        const [target, anchor] = [pageAt(link), decodeURIComponent(new URL(link).hash.slice(1))];
        if (target.startsWith("..") || !existsSync(join(folder, target)) || (anchor && !(await contents(target)).anchors.includes(anchor))) {
          missing.push(link);
        }
      }
      assert.deepEqual(missing, []);
    });
  }
});

describe("every page in two languages", () => {
  for (const page of pages) {
    it(`${page} leads to the same page in the other language, and back`, async t => {
      const { language, other } = await contents(page);
      if (other.length === 0) {
        t.skip("the page has one language");
        return;
      }
      for (const [hreflang, href] of other) {
        const there = await contents(pageAt(href));
        assert.notEqual(there.language, language);
        assert.equal(there.language, hreflang);
        assert.deepEqual(there.other.map(([hreflang, href]) => [hreflang, pageAt(href)]), [[language, page]]);
      }
    });
  }
});
