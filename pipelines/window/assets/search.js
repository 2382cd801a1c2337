// Full-text search, from disk as from a server. The index is made of scripts, each of which calls
// speechSearch(address, value): pipelines/window/searching makes them. What came from the web is only ever set as text.
"use strict";
(() => {
  const FIRST = 0x23, FAR = 0xd000; // as in character_places.py
  const SHOWN = 20, BEFORE = 24, AFTER = 60;
  const STEERING = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
  const form = document.getElementById("search"), status = document.getElementById("found");
  const list = document.getElementById("results"), more = document.getElementById("more");
  const words = form.dataset, field = (name) => form.elements.namedItem(name);
  const values = new Map(), loads = new Map();
  let asked = 0;

  window.speechSearch = (address, value) => values.set(address, value);

  function load(address) {
    if (!loads.has(address)) {
      loads.set(address, new Promise((done, failed) => {
        const script = document.createElement("script");
        const failure = () => { loads.delete(address); script.remove(); failed(new Error(address)); };
        script.src = `${words.root}/${address}`;
        script.onerror = failure;
        script.onload = () => {
          if (!values.has(address)) return failure();
          done(values.get(address));
          values.delete(address);
          script.remove();
        };
        document.head.append(script);
      }));
    }
    return loads.get(address);
  }

  const folded = (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

  // Words between blanks; what stands in quotation marks is one, with its blanks.
  function pieces(query) {
    const found = query.matchAll(/"([^"]*)"|“([^”]*)”|([^\s"“]+)/g);
    return [...found].map((one) => folded(one[1] ?? one[2] ?? one[3])).filter((piece) => piece);
  }

  function places(packed) {
    const found = new Uint32Array(packed.length);
    let count = 0, at = 0;
    for (let i = 0; i < packed.length; i++) {
      const step = packed.charCodeAt(i) - FIRST;
      if (step > FAR) { at += (step - FAR) * FAR; continue; }
      at += step;
      found[count++] = at;
    }
    return found.subarray(0, count);
  }

  // Where a piece begins: the places of its rarest character that have all others beside them.
  async function beginnings(part, firsts, piece) {
    const characters = Array.from(piece), of = [];
    for (const character of new Set(characters)) {
      const point = character.codePointAt(0);
      let file = firsts.length - 1;
      while (file >= 0 && firsts[file].codePointAt(0) > point) file--;
      if (file < 0) return [];
      of.push(load(`search/parts/${part}/${file}.js`).then((held) => [character, held]));
    }
    const packed = new Map();
    for (const [character, held] of await Promise.all(of)) {
      if (!Object.hasOwn(held, character)) return [];
      packed.set(character, held[character]);
    }
    const order = characters.map((character, offset) => ({ offset, packed: packed.get(character) }));
    order.sort((a, b) => a.packed.length - b.packed.length);
    let found = null;
    for (const { offset, packed: text } of order) {
      const here = places(text);
      if (found === null) {
        found = Array.from(here, (place) => place - offset).filter((place) => place >= 0);
        continue;
      }
      let i = 0;
      found = found.filter((place) => {
        while (i < here.length && here[i] < place + offset) i++;
        return here[i] === place + offset;
      });
    }
    return found;
  }

  // The numbers of the speeches of a part that have places in them, and whether now or in an earlier version only:
  // each is its title, its body and earlier words, a character after each.
  function holders(speeches, found) {
    const numbers = new Map();
    let i = 0, end = 0;
    speeches.forEach((row, number) => {
      const now = end + row[6] + row[7] + 2;
      end = now + row[8] + 1;
      if (i < found.length && found[i] < end) numbers.set(number, found[i] < now);
      while (i < found.length && found[i] < end) i++;
    });
    return numbers;
  }

  async function searchPart(part, query) {
    const { firsts, speeches } = await load(`search/parts/${part}/speeches.js`);
    const all = await Promise.all(query.pieces.map((piece) => beginnings(part, firsts, piece)));
    const sets = all.map((found) => holders(speeches, found));
    const isNow = (number) => sets.every((set) => set.get(number));
    const rows = speeches.map((row, number) => [...row.slice(0, 6), isNow(number)]);
    return rows.filter((row, number) => sets.every((set) => set.has(number))
      && (!query.site || row[2] === query.site)
      && (!query.year || (query.year === "-" ? !row[3] : (row[3] || "").startsWith(query.year)))
      && (!query.speaker || folded(row[4]).includes(folded(query.speaker))));
  }

  const shown = (text) => text.replace(STEERING, (sign) => "\\u" + sign.charCodeAt(0).toString(16).padStart(4, "0"));

  // Append a text with what was searched for marked.
  function marked(parent, text, sought) {
    const small = folded(text);
    let at = 0;
    while (at < text.length) {
      let first = -1, length = 0;
      for (const piece of sought) {
        const place = small.indexOf(piece, at);
        if (place >= 0 && (first < 0 || place < first || (place === first && piece.length > length))) {
          first = place;
          length = piece.length;
        }
      }
      if (first < 0) break;
      const mark = document.createElement("mark");
      mark.textContent = shown(text.slice(first, first + length));
      parent.append(shown(text.slice(at, first)), mark);
      at = first + length;
    }
    parent.append(shown(text.slice(at)));
  }

  // The paragraph around the first place in the body, cut between whole characters.
  function excerpt(body, sought) {
    const small = folded(body);
    const place = Math.min(...sought.map((piece) => small.indexOf(piece)).filter((one) => one >= 0));
    if (!Number.isFinite(place)) return "";
    const start = body.lastIndexOf("\n", place) + 1, next = body.indexOf("\n", place);
    const stop = next < 0 ? body.length : next;
    const before = Array.from(body.slice(start, place)), after = Array.from(body.slice(place, stop));
    return (before.length > BEFORE ? "…" : "") + before.slice(-BEFORE).join("")
      + after.slice(0, AFTER).join("") + (after.length > AFTER ? "…" : "");
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.append(text);
    return made;
  }

  function item([address, title, site, day, speaker, isGone, isNow], query, sites) {
    const made = document.createElement("li"), link = document.createElement("a");
    const said = !isNow ? "#versions" : query.pieces.length ? `#:~:text=${encodeURIComponent(query.pieces[0]).replace(/-/g, "%2D")}` : "";
    const name = element("bdi"), about = element("p", "where"), piece = element("p");
    name.lang = piece.lang = "zh-CN";
    marked(name, title, query.pieces);
    link.href = address + said;
    link.append(name);
    made.append(element("span", "when", day || words.undated), link);
    about.append(...[speaker, sites.get(site) || site].filter((text) => text).flatMap((text, i) => {
      const who = element("bdi", "", text);
      who.lang = "zh-CN";
      return i ? [" · ", who] : [who];
    }));
    if (isGone) about.append(" ", element("strong", "state", words.gone));
    if (!isNow) about.append(" ", element("strong", "state", words.earlier));
    made.append(about);
    if (query.pieces.length) {
      load(`search/texts/${address.slice("speeches/".length, -".html".length)}.js`).then(([, body, earlier]) => {
        const text = excerpt(isNow ? body : earlier, query.pieces);
        if (text) {
          marked(piece, text, query.pieces);
          made.append(piece);
        }
      }, () => made.append(element("p", "note", words.failed)));
    }
    return made;
  }

  function show(rows, query, sites) {
    let count = 0;
    const next = () => {
      const added = rows.slice(count, count + SHOWN).map((row) => item(row, query, sites));
      list.append(...added);
      count += added.length;
      more.hidden = count >= rows.length;
      return added[0];
    };
    more.onclick = () => next().querySelector("a").focus();
    next();
  }

  async function search(query) {
    const mine = ++asked;
    list.replaceChildren();
    more.hidden = true;
    if (!query.pieces.length && !query.site && !query.year && !query.speaker) { status.textContent = ""; return; }
    status.textContent = words.searching;
    try {
      const catalogue = await load("search/catalogue.js");
      const asks = catalogue.parts.filter((part) => !query.site || part.sites.includes(query.site));
      const rows = (await Promise.all(asks.map((part) => searchPart(part.name, query)))).flat();
      if (mine !== asked) return;
      rows.sort((a, b) => ((b[3] || "") > (a[3] || "")) - ((b[3] || "") < (a[3] || "")));
      status.textContent = rows.length === 1 ? words.one : words.found.replace("{n}", rows.length);
      show(rows, query, new Map(catalogue.sites));
    } catch (error) {
      if (mine === asked) status.textContent = `${words.failed} (${error.message})`;
    }
  }

  // What is asked for stands in the address, which can be kept and sent; from disk no other part of it can be changed.
  function asks() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const name of ["q", "site", "year", "speaker"]) field(name).value = given.get(name) || "";
    search({
      pieces: pieces(given.get("q") || ""), site: given.get("site"), year: given.get("year"), speaker: given.get("speaker"),
    });
  }

  function options(select, entries) {
    for (const [value, text] of entries) {
      const option = element("option", "", text);
      option.value = value;
      select.append(option);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const told = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value.trim()) told.set(name, value.trim());
    if (location.hash === `#${told}`) asks();
    else location.hash = told;
  });
  window.addEventListener("hashchange", asks);
  form.hidden = false;
  load("search/catalogue.js").then(({ sites, years, speakers }) => {
    options(field("site"), sites);
    options(field("year"), years.map((year) => (year ? [year, year] : ["-", words.undated])));
    options(document.getElementById("speakers"), speakers.map((name) => [name, ""]));
    asks();
  }, () => { status.textContent = words.failed; });
})();
