// Opens pages in Chromium and tells what is wrong with them. Asked on standard input, in JSON:
//   {npm, chromium, pages: [url, …], loaded: [url, …], within, screenshots}
// `npm`, `chromium`: folders of the tools. `loaded`: pages of which only that is asked which loading shows. `within`: what
// the address of every request must begin with. `screenshots`: a folder, or null.
// Answers on standard output, a line of JSON a page; a page without defects has empty lists.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const asked = JSON.parse(await text(process.stdin));
const require = createRequire(`${asked.npm}/`);
const { chromium } = require("playwright-core");
const AXE = require("axe-core").source;
const SMALL = { width: 320, height: 640 }; // WCAG 2.1, 1.4.10: no scrolling in two directions at 320 CSS pixels
const LARGE = { width: 1280, height: 900 };
const PATIENCE = 30_000; // milliseconds
const MOST_STOPS = 1500; // a page on which Tab comes to no end is told, not waited for

/** Opens one page and hands it to `look`; whatever it logged, asked for or tried is in `heard`. */
async function opened(browser, url, options, look) {
  const context = await browser.newContext({ viewport: LARGE, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const heard = { console: [], left: [], failed: [] };
  page.on("console", (said) => heard.console.push(`${said.type()}: ${said.text()}`));
  page.on("pageerror", (error) => heard.console.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => heard.console.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
  context.on("page", (popup) => popup !== page && heard.left.push(`popup: ${popup.url()}`));
  context.on("request", (request) => {
    if (!request.url().startsWith(asked.within) && !request.url().startsWith("data:")) heard.left.push(request.url());
  });
  context.on("requestfailed", (request) => heard.failed.push(`${request.failure().errorText} ${request.url()}`));
  context.on("response", (response) => response.status() >= 400 && heard.failed.push(`${response.status()} ${response.url()}`));
  await page.goto(url, { waitUntil: "load" });
  const seen = await look(page, heard);
  if (page.url() !== url) heard.left.push(`went to ${page.url()}`);
  await context.close();
  return { ...heard, ...seen };
}

/** Serious and critical violations of axe-core, each with the first places. */
async function violations(page) {
  await page.evaluate(AXE); // the debugger's evaluation, which the page's policy does not forbid
  const found = await page.evaluate(() => globalThis.axe.run(document, { preload: false, iframes: false }));
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target, any }) => `${target} ${any[0]?.message ?? ""}`).join(" | ")}`);
}

/** What sticks out at the right at the width of a small phone, and is not in a box that scrolls by itself. */
const sticking = () => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  const boxed = (element) => {
    for (let above = element.parentElement; above && above !== document.body; above = above.parentElement)
      if (getComputedStyle(above).overflowX !== "visible") return true;
    return false;
  };
  const wide = [...document.body.querySelectorAll("*")].filter(
    (element) => element.getBoundingClientRect().right > innerWidth + 0.5 && !boxed(element),
  );
  return wide.slice(0, 5).map((e) => `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""} ${Math.round(e.getBoundingClientRect().right)}`);
};

/** Everything that a mouse can work, numbered, and how many there are. */
const numbered = () => {
  const all = [...document.querySelectorAll("a[href], area[href], button, input, select, textarea, summary, [onclick], [role=button]")];
  const shown = all.filter((element) => !element.disabled && element.type !== "hidden" && element.checkVisibility({ visibilityProperty: true }));
  shown.forEach((element, number) => (element.dataset.stop = number));
  return shown.map((element) => `${element.tagName.toLowerCase()} ${(element.textContent || element.name || "").trim().slice(0, 60)}`);
};

/** Where the focus is, and whether one sees it there. */
const focused = () => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const seen = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  return { stop: element.dataset.stop, seen, name: element.tagName.toLowerCase() };
};

/** What Tab does not reach, and what gets the focus without showing it. */
async function keyboard(page) {
  const names = await page.evaluate(numbered);
  const [reached, unseen] = [new Set(), new Set()];
  for (let presses = 0; presses < MOST_STOPS && reached.size < names.length; presses++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(focused);
    if (at === null) break; // after the last stop the focus leaves the page
    if (at.stop !== undefined) reached.add(Number(at.stop));
    if (!at.seen) unseen.add(`no visible focus: ${names[at.stop] ?? at.name}`);
  }
  return [...names.filter((_, number) => !reached.has(number)).map((name) => `not reached: ${name}`), ...unseen];
}

const unfolded = () => void document.querySelectorAll("details").forEach((details) => (details.open = true));
const mainText = () => (document.querySelector("main") ?? document.body).innerText;

async function pictures(page, address, scheme) {
  if (!asked.screenshots) return;
  const name = address.replace(/[^A-Za-z0-9.-]+/g, "_").slice(-100);
  for (const [width, size] of [["desktop", LARGE], ["phone", { width: 390, height: 844 }]]) {
    await page.setViewportSize(size);
    await page.screenshot({ path: `${asked.screenshots}/${name}.${scheme}.${width}.png`, fullPage: true });
  }
  await page.setViewportSize(LARGE);
}

/** Everything we ask of a page: in light and dark, by keyboard, on a phone and without scripts. */
async function judged(browser, url) {
  const seen = await opened(browser, url, {}, async (page) => {
    await pictures(page, url, "light");
    const shown = await page.evaluate(mainText);
    await page.evaluate(unfolded);
    const found = { shown, keyboard: await keyboard(page), axe: await violations(page) };
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = (await violations(page)).map((line) => `dark: ${line}`);
    await pictures(page, url, "dark");
    await page.setViewportSize(SMALL);
    return { ...found, axe: [...found.axe, ...dark], overflow: await page.evaluate(sticking) };
  });
  const plain = await opened(browser, url, { javaScriptEnabled: false }, async (page) => ({ shown: await page.evaluate(mainText) }));
  return { url, ...seen, plain: plain.shown };
}

/** What loading shows, whatever is folded in the page included. */
async function loaded(browser, url) {
  return { url, ...(await opened(browser, url, {}, (page) => page.evaluate(unfolded))) };
}

const browser = await chromium.launch({
  executablePath: `${asked.chromium}/chromium`,
  env: { ...process.env, LD_LIBRARY_PATH: `${asked.chromium}/lib`, FONTCONFIG_FILE: `${asked.chromium}/fonts.conf` },
  args: ["--no-sandbox", "--no-zygote", "--disable-gpu"],
});
const tell = (judgement) => process.stdout.write(`${JSON.stringify(judgement)}\n`);
for (const url of asked.pages) tell(await judged(browser, url));
for (const url of asked.loaded) tell(await loaded(browser, url));
await browser.close();
