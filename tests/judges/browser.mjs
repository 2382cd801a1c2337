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
const STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SMALL = { width: 320, height: 640 }; // WCAG 2.1, 1.4.10: no scrolling in two directions at 320 CSS pixels
const LARGE = { width: 1280, height: 900 };
const EXTRA_STOPS = 3; // of Tab: out of the page and into it again

/** A tab with the given options; `heard` is what the page in it logged, asked for or tried. */
async function tab(browser, options) {
  const page = await (await browser.newContext({ viewport: LARGE, ...options })).newPage();
  const opened = { page, heard: null };
  const hear = (kind, told) => opened.heard[kind].push(told);
  page.on("console", (said) => hear("console", `${said.type()}: ${said.text()}`));
  page.on("pageerror", (error) => hear("console", `error: ${error.message}`));
  page.on("dialog", (dialog) => hear("console", `dialog: ${dialog.message()}`) && dialog.dismiss());
  page.on("popup", (popup) => hear("left", `popup: ${popup.url()}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(asked.within) && !request.url().startsWith("data:")) hear("left", request.url());
  });
  page.on("requestfailed", (request) => hear("failed", `${request.failure().errorText} ${request.url()}`));
  page.on("response", (response) => response.status() >= 400 && hear("failed", `${response.status()} ${response.url()}`));
  return opened;
}

/** Opens a page in a tab and hands it to `look`. */
async function opened(inTab, url, look) {
  const { page } = inTab;
  const heard = (inTab.heard = { console: [], left: [], failed: [] });
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(LARGE);
  await page.goto(url, { waitUntil: url.includes("#") ? "networkidle" : "load" }); // what was asked is fetched by and by
  const seen = await look(page);
  if (page.url() !== url) heard.left.push(`went to ${page.url()}`);
  return { ...heard, ...seen };
}

/** Serious and critical violations of axe-core, each with the first places. */
async function violations(page, options) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE); // no policy of the page forbids it
  const run = (given) => globalThis.axe.run(document, { preload: false, iframes: false, resultTypes: ["violations"], ...given });
  const found = await page.evaluate(run, options);
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

/** Numbers everything that a mouse can work, and notes which of it gets the focus, and whether one sees that. */
const watched = () => {
  const all = [...document.querySelectorAll("a[href], area[href], button, input, select, textarea, summary, [onclick], [role=button]")];
  const shown = all.filter((element) => !element.disabled && element.type !== "hidden" && element.checkVisibility({ visibilityProperty: true }));
  const named = (element) => `${element.tagName.toLowerCase()} ${(element.textContent || element.name || "").trim().slice(0, 60)}`;
  globalThis.focusWatch = { missing: new Map(shown.map((element) => [element, named(element)])), unseen: new Set() };
  document.addEventListener("focusin", ({ target }) => {
    const style = getComputedStyle(target);
    const isSeen = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
    if (!isSeen) globalThis.focusWatch.unseen.add(`no visible focus: ${named(target)}`);
    globalThis.focusWatch.missing.delete(target);
  });
};

/** What Tab does not reach, and what gets the focus without showing it. */
async function keyboard(page) {
  await page.evaluate(watched);
  const missing = () => page.evaluate(() => [...globalThis.focusWatch.missing.values()].map((name) => `not reached: ${name}`));
  for (let left = await missing(), before = Infinity; left.length && left.length < before; ) {
    before = left.length;
    await Promise.all(Array.from({ length: left.length + EXTRA_STOPS }, () => page.keyboard.press("Tab")));
    left = await missing();
  }
  return [...(await missing()), ...(await page.evaluate(() => [...globalThis.focusWatch.unseen]))];
}

const unfolded = () => void document.querySelectorAll("details").forEach((details) => (details.open = true));
const mainText = () => (document.querySelector("main") ?? document.body).innerText;

/** Waits until frames, which load when they come into view, have done so. */
const framed = async () => {
  const shown = [...document.querySelectorAll("iframe")].filter((frame) => frame.checkVisibility());
  for (const frame of shown.filter((one) => one.loading === "lazy")) {
    const done = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    frame.loading = "eager";
    frame.src = frame.src; // loads it, be it for the second time
    await done;
  }
};
const painted = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 200))));

async function pictures(page, address, scheme) {
  if (!asked.screenshots) return;
  const name = address.replace(/[^A-Za-z0-9.-]+/g, "_").slice(-100);
  for (const [width, size] of [["desktop", LARGE], ["phone", { width: 390, height: 844 }]]) {
    await page.setViewportSize(size);
    await page.evaluate(framed);
    // As high as the page, at once: what comes into a frame's view only for the picture is not painted in it.
    await page.setViewportSize({ ...size, height: await page.evaluate(() => document.documentElement.scrollHeight) });
    await page.evaluate(painted);
    await page.screenshot({ path: `${asked.screenshots}/${name}.${scheme}.${width}.png` });
  }
  await page.setViewportSize(LARGE);
}

/** Everything we ask of a page: in light and dark, by keyboard, on a phone and without scripts. */
async function judged(url) {
  const seen = await opened(usual, url, async (page) => {
    await pictures(page, url, "light");
    const shown = await page.evaluate(mainText);
    await page.evaluate(unfolded);
    const found = { shown, keyboard: await keyboard(page), axe: await violations(page, { runOnly: STANDARD }) };
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = (await violations(page, { runOnly: ["color-contrast"] })).map((line) => `dark: ${line}`);
    await pictures(page, url, "dark");
    await page.setViewportSize(SMALL);
    return { ...found, axe: [...found.axe, ...dark], overflow: await page.evaluate(sticking) };
  });
  const plain = await opened(scriptless, url, async (page) => ({ shown: await page.evaluate(mainText) }));
  return { url, ...seen, plain: plain.shown };
}

/** What loading shows, whatever is folded in the page included. */
const loaded = async (url) => ({ url, ...(await opened(usual, url, (page) => page.evaluate(unfolded))) });

const browser = await chromium.launch({
  executablePath: `${asked.chromium}/chromium`,
  env: { ...process.env, LD_LIBRARY_PATH: `${asked.chromium}/lib`, FONTCONFIG_FILE: `${asked.chromium}/fonts.conf` },
  args: ["--no-sandbox", "--no-zygote", "--disable-gpu"],
});
const usual = await tab(browser, {});
const scriptless = await tab(browser, { javaScriptEnabled: false });
const tell = (judgement) => process.stdout.write(`${JSON.stringify(judgement)}\n`);
for (const url of asked.pages) tell(await judged(url));
for (const url of asked.loaded) tell(await loaded(url));
await browser.close();
