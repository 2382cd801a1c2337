// Searches in a window as a reader does. Asked on standard input, in JSON: {npm, chromium, url, asked: [{q, …}, …]}: the
// address of its search page, and what is filled into the form. Answers, a line of JSON each: {told, hits: [{link, text}]},
// all of them, or {failed}.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const given = JSON.parse(await text(process.stdin));
const { chromium } = createRequire(`${given.npm}/`)("playwright-core");

const browser = await chromium.launch({
  executablePath: `${given.chromium}/chromium`,
  env: { ...process.env, LD_LIBRARY_PATH: `${given.chromium}/lib`, FONTCONFIG_FILE: `${given.chromium}/fonts.conf` },
  args: ["--no-sandbox", "--no-zygote", "--disable-gpu"],
});
const page = await browser.newPage();
page.setDefaultTimeout(30_000);
const said = [];
page.on("console", (line) => said.push(line.text()));
page.on("pageerror", (error) => said.push(error.message));
await page.goto(given.url);
await page.waitForSelector("#site option:nth-child(2)", { state: "attached" });
for (const fields of given.asked) {
  for (const name of ["q", "site", "year", "speaker"]) {
    await page.evaluate(([field, value]) => (document.getElementById(field).value = value), [name, fields[name] ?? ""]);
  }
  await page.evaluate(() => (document.getElementById("found").textContent = ""));
  await page.focus("#q");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /\d/.test(document.getElementById("found").textContent));
  const hits = await page.evaluate(async () => {
    const more = document.getElementById("more");
    while (!more.hidden) more.click();
    while (document.head.querySelector("script[src*=texts]")) await new Promise((done) => setTimeout(done, 5));
    return [...document.querySelectorAll("#results > li")].map((item) => ({
      link: decodeURI(item.querySelector("a").getAttribute("href").split("#")[0]), text: item.innerText,
    }));
  });
  console.log(JSON.stringify({ told: await page.textContent("#found"), hits, said: said.splice(0) }));
}
await browser.close();
