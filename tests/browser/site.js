// The site under test, and the browser that reads it: Debian's Chromium, without network.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

/** The folder with the pages: the environment's SITE, or where the course's run leaves it. */
export const folder = resolve(process.env.SITE ?? fileURLToPath(new URL("../../artifacts/site", import.meta.url)));

if (!existsSync(join(folder, "index.html"))) {
  throw new Error(`There is no index.html in ${folder}. Run the course first, or set SITE to the folder of a site.`);
}

/** Every page, as its path inside the folder. */
export const pages = readdirSync(folder, { recursive: true })
  .filter(file => file.endsWith(".html")).map(file => file.split(sep).join("/")).sort();

export const address = page => pathToFileURL(join(folder, page)).href;

/** The page that an address shows: its path inside the folder, without query and anchor. */
export const pageAt = url => relative(folder, fileURLToPath(url.split(/[?#]/, 1)[0])).split(sep).join("/");

/** The source of axe, to be run inside a page. */
export const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Starts the browser; to be closed by who started it. */
export const start = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});

const screen = { width: 1280, height: 900 };

/**
 * Opens a page as a reader does who has no network.
 * @returns the tab; its `troubles` are what went wrong in it so far: errors, warnings of the console, requests that failed or left the folder.
 */
export async function open(browser, page, options = {}) {
  const context = await browser.newContext({ offline: true, viewport: screen, colorScheme: "light", reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(15_000);
  const tab = await context.newPage();
  tab.troubles = [];
  tab.on("console", message => ["error", "warning"].includes(message.type()) && tab.troubles.push(`console: ${message.text()}`));
  tab.on("pageerror", error => tab.troubles.push(`script: ${error.message}`));
  tab.on("requestfailed", request => tab.troubles.push(`failed: ${request.url().slice(0, 200)} ${request.failure()?.errorText}`));
  tab.on("request", request => /^(file|data|blob):/.test(request.url()) || tab.troubles.push(`not from the folder: ${request.url()}`));
  await tab.goto(address(page), { waitUntil: "load" });
  return tab;
}

/** Tabs that show one page after the other: to start a tab takes longer than to open a page in it. */
export class Tabs {
  #browser;
  #options;
  #free = [];

  constructor(browser, options) {
    this.#browser = browser;
    this.#options = options;
  }

  /** Opens a page in a tab that nobody uses, as if nobody had. */
  async open(page) {
    const tab = this.#free.pop();
    if (!tab) {
      return open(this.#browser, page, this.#options);
    }
    tab.troubles.length = 0;
    await tab.goto(address(page), { waitUntil: "load" });
    return tab;
  }

  /** Takes a tab back. */
  async close(tab) {
    await tab.evaluate(() => localStorage.clear());
    await tab.goto("about:blank");
    await tab.emulateMedia({ media: null });
    await tab.setViewportSize(screen);
    this.#free.push(tab);
  }
}
