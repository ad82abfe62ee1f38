"use strict";
const told = JSON.parse(document.getElementById("told").textContent);
const at = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
let key = "", run = null, words = {}, shown = null;

// -- elements and words -------------------------------------------------------------------------------------------
function make(name, attributes = {}, ...children) {
  const one = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) one.addEventListener(key.slice(2), value);
    else if (value === true) one.setAttribute(key, "");
    else if (value !== false && value != null) one.setAttribute(key, value);
  }
  one.append(...children.filter((child) => child != null));
  return one;
}
function drawn(name, attributes, ...children) {
  const one = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  one.append(...children);
  return one;
}
const said = (name) => make("span", { "data-say": name }, words[name]);
function speak(language) {
  words = told.words[language];
  document.documentElement.lang = language;
  at("language").value = language;
  for (const one of document.querySelectorAll("[data-say]")) one.textContent = words[one.dataset.say];
  for (const one of document.querySelectorAll("[data-hint]")) one.placeholder = words[one.dataset.hint];
}
const number = (value) => (Math.abs(value) >= 1000 || value === Math.round(value) ? value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 }) : String(Number(value.toPrecision(4))));

// -- what is asked ------------------------------------------------------------------------------------------------
const typesOf = (schema) => [].concat(schema.type || []);
function control(name, schema) {
  const media = schema.contentMediaType || "";
  if (media) return fileControl(name, media.split("/")[0]);
  const types = typesOf(schema);
  if (types.includes("object") || schema.properties) return objectControl(name, schema);
  if (types.includes("integer") || types.includes("number")) return cellControl(name, schema);
  const id = `text-${name}`;
  const area = make("textarea", { id, lang: "", spellcheck: "false" });
  return { element: make("div", {}, make("label", { for: id }, said("text")), area), value: () => area.value };
}
function dropped(element, take) {
  element.addEventListener("dragover", (event) => { event.preventDefault(); element.classList.add("over"); });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
}
function fileControl(name, kind) {
  let file = null;
  const preview = make("div");
  const input = make("input", { type: "file", accept: `${kind}/*`, onchange: () => input.files.length && take(input.files[0]) });
  const label = make("label", { class: "drop" }, said("drop"), input);
  function take(given) {
    file = given;
    const url = URL.createObjectURL(given);
    preview.replaceChildren(kind === "audio" ? make("audio", { controls: true, src: url }) : make("figure", {}, make("img", { src: url, alt: given.name })));
  }
  dropped(label, take);
  const extra = kind === "audio" && navigator.mediaDevices ? recorder(take) : null;
  return { element: make("div", {}, label, extra, preview), value: () => file && encoded(file), picture: () => (kind === "image" ? file : null) };
}
const encoded = (file) => new Promise((done, failed) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
  reader.onerror = () => failed(reader.error);
  reader.readAsDataURL(file);
});
function recorder(take) {
  let going = null;
  const button = make("button", { type: "button", class: "plain", "data-say": "record" }, words.record);
  button.addEventListener("click", async () => {
    if (going) return going();
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const context = new AudioContext(), source = context.createMediaStreamSource(stream), parts = [];
    const node = context.createScriptProcessor(4096, 1, 1);
    node.onaudioprocess = (event) => parts.push(new Float32Array(event.inputBuffer.getChannelData(0)));
    source.connect(node); node.connect(context.destination);
    button.dataset.say = "stop"; button.textContent = words.stop;
    going = () => {
      node.disconnect(); stream.getTracks().forEach((track) => track.stop());
      take(wave(parts, context.sampleRate)); context.close();
      going = null; button.dataset.say = "record"; button.textContent = words.record;
    };
  });
  return button;
}
function wave(parts, rate) {
  const count = parts.reduce((sum, part) => sum + part.length, 0), view = new DataView(new ArrayBuffer(44 + 2 * count));
  const write = (place, text) => [...text].forEach((letter, index) => view.setUint8(place + index, letter.charCodeAt(0)));
  write(0, "RIFF"); view.setUint32(4, 36 + 2 * count, true); write(8, "WAVEfmt "); view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); view.setUint16(22, 1, true); view.setUint32(24, rate, true); view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true); view.setUint16(34, 16, true); write(36, "data"); view.setUint32(40, 2 * count, true);
  let place = 44;
  for (const part of parts) for (const one of part) { view.setInt16(place, Math.max(-1, Math.min(1, one)) * 32767, true); place += 2; }
  return new File([view], "recording.wav", { type: "audio/wav" });
}
function objectControl(name, schema) {
  const cells = Object.entries(schema.properties || {}).map(([own, part]) => [own, cellControl(own, part, (schema.required || []).includes(own))]);
  const element = make("fieldset", { class: "cells" }, make("legend", { class: "hidden" }, name), ...cells.map(([, cell]) => cell.element));
  return { element, value: () => Object.fromEntries(cells.map(([own, cell]) => [own, cell.value()]).filter(([own, value]) => value !== undefined)) };
}
function cellControl(name, schema, needed = true) {
  const id = `cell-${name}`, types = typesOf(schema);
  const numeric = types.some((type) => type === "number" || type === "integer"), many = types.includes("array");
  const list = (schema.enum || schema.examples || []).length ? make("datalist", { id: `${id}-list` }, ...(schema.enum || schema.examples).map((one) => make("option", { value: one }))) : null;
  const input = many ? make("textarea", { id }) : make("input", { id, list: list && `${id}-list`, inputmode: numeric ? "decimal" : null, placeholder: types.includes("null") ? words.unknown : null, "data-hint": types.includes("null") ? "unknown" : null });
  if (schema.type === "integer") input.value = "1";
  const value = () => {
    const text = input.value.trim();
    if (many) {
      const parts = text.split(/[\s,;]+/).filter(Boolean);
      return parts.length || needed ? parts.map((part) => ((schema.items || {}).type === "number" ? Number(part) : part)) : undefined;
    }
    if (!text) return types.includes("null") || !types.length ? null : needed ? "" : undefined;
    return numeric && Number.isFinite(Number(text)) ? Number(text) : text;
  };
  return { element: make("label", { for: id }, name, input, list), value };
}

// -- asking -------------------------------------------------------------------------------------------------------
const headers = (more = {}) => (key ? { ...more, authorization: `Bearer ${key}` } : more);
async function send(path, body, more = {}) {
  let response;
  try { response = await fetch(path, { method: "POST", headers: headers(more), body }); }
  catch { throw { what: words.unreached }; }
  if (!response.ok) throw (await response.json().catch(() => ({}))).error || { what: `HTTP ${response.status}` };
  return response;
}
const predictPath = () => `v1/runs/${encodeURIComponent(run.name)}/predict`;
async function busy(work) {
  const answers = at("answers");
  at("ask").disabled = true; answers.setAttribute("aria-busy", "true");
  answers.replaceChildren(make("p", { class: "soft" }, said("asking")));
  try { answers.replaceChildren(...(await work())); }
  catch (error) { answers.replaceChildren(refusal(error)); }
  at("ask").disabled = false; answers.setAttribute("aria-busy", "false");
}
function chosen() {
  const own = {};
  for (const input of at("options").querySelectorAll("input")) {
    if (input.value === input.dataset.usual) continue;
    own[input.name] = input.value === "true" ? true : input.value === "false" ? false : input.value !== "" && Number.isFinite(Number(input.value)) ? Number(input.value) : input.value;
  }
  return own;
}
async function ask() {
  const entries = await Promise.all(Object.entries(shown).map(async ([name, one]) => [name, await one.value()]));
  const value = entries.length > 1 ? Object.fromEntries(entries) : entries[0][1];
  const picture = Object.values(shown).map((one) => one.picture && one.picture()).find(Boolean);
  const body = { inputs: [value == null ? "" : value] }, options = chosen();
  if (Object.keys(options).length) body.options = options;
  const answer = await (await send(predictPath(), JSON.stringify(body), { "content-type": "application/json" })).json();
  return [...notes(answer), ...answer.predictions.map((one) => card(one, picture))];
}
async function askTable(file) {
  const form = (which) => { const one = new FormData(); one.append("table", file); return send(`${predictPath()}?as=${which}`, one); };
  const answer = await (await form("json")).json();
  const ending = /\.xls/i.test(file.name) ? "xlsx" : "csv";
  const link = make("button", { type: "button", class: "plain", onclick: async () => {
    const blob = await (await form(ending)).blob();
    const leads = make("a", { href: URL.createObjectURL(blob), download: `answers.${ending}` });
    document.body.append(leads); leads.click(); leads.remove();
  } }, said("download"));
  const rows = answer.predictions.slice(0, 50).map((one) => make("tr", {}, make("td", {}, brief(one.input)), make("td", {}, one.error ? `${one.error.code} ${one.error.what}` : brief(headline(one)))));
  const more = answer.predictions.length - rows.length;
  return [...notes(answer), make("p", {}, link), make("table", {}, make("tbody", {}, ...rows)), more > 0 ? make("p", { class: "soft" }, words.more.replace("{n}", more)) : ""];
}

// -- answers, by their form ---------------------------------------------------------------------------------------
const notes = (answer) => (answer.notes || []).map((note) => make("p", { class: "note" }, said("doubtful"), `: ${note}`));
function refusal(error) {
  const parts = ["where", "expected", "got", "fix"].filter((name) => error[name]).map((name) => make("p", {}, `${words[name] || name}: ${error[name]}`));
  return make("div", { class: "card error", role: "alert" }, make("p", {}, `${error.what || error} `, make("small", {}, error.code || "")), ...parts);
}
function brief(value) {
  if (value == null) return "–";
  if (typeof value === "number") return number(value);
  if (typeof value === "string") return value.startsWith("data:") ? "…" : value.slice(0, 120);
  return JSON.stringify(value).slice(0, 120);
}
const headline = (told) => Object.entries(told).filter(([name]) => name !== "input").map(([, part]) => part).find((part) => part === null || typeof part !== "object" || Array.isArray(part));
function card(told, picture) {
  if (told.error) return refusal(told.error);
  const { input, ...answer } = told;
  const parts = Object.entries(answer).map(([name, part]) => piece(name, part, answer, picture, input));
  return make("article", { class: "card" }, make("h2", {}, said("answer")), ...parts, make("details", {}, make("summary", {}, said("all")), make("pre", {}, JSON.stringify(answer, null, 1).slice(0, 20000))));
}
function piece(name, part, answer, picture, input) {
  if (name === "score" && "scores" in answer) return null;
  if (name === "scores" && part && !Array.isArray(part) && typeof part === "object") return bars(part);
  if (typeof part === "string" && part.startsWith("data:image/")) return make("figure", {}, make("img", { src: part, alt: name, class: "small" }));
  if (Array.isArray(part)) return listed(name, part, picture, input);
  if (part && typeof part === "object") return Object.values(part).every((one) => Array.isArray(one) && one.every((value) => typeof value === "number")) ? make("div", {}, ...Object.entries(part).map(([own, one]) => curve(own, one))) : facts(part);
  const plain = typeof part === "number" ? number(part) : part === null ? "–" : String(part);
  return name === Object.keys(answer)[0] ? make("p", { class: "said" }, plain) : make("p", {}, `${name}: ${plain}`);
}
function listed(name, part, picture, input) {
  if (!part.length) return make("p", { class: "said" }, `${name}: `, said("nothing"));
  if (picture && part.every((one) => one && Array.isArray(one.box))) return boxes(part, picture);
  if (typeof input === "string" && part.every((one) => one && Number.isInteger(one.start) && Number.isInteger(one.end))) return marked(input, part);
  if (part.every((one) => typeof one === "number")) return part.length > 2 ? curve(name, part) : make("p", {}, `${name}: ${part.map(number).join(", ")}`);
  if (part.every((one) => one && typeof one === "object" && !Array.isArray(one))) {
    const names = [...new Set(part.flatMap(Object.keys))];
    if (names.length && part.length > 2 && names.some((own) => typeof part[0][own] === "number") && !("label" in part[0]) && !("item" in part[0])) return make("div", {}, ...names.filter((own) => part.every((one) => typeof one[own] === "number")).map((own) => curve(own, part.map((one) => one[own]))));
    return make("table", {}, make("thead", {}, make("tr", {}, ...names.map((own) => make("th", {}, own)))), make("tbody", {}, ...part.slice(0, 100).map((one) => make("tr", {}, ...names.map((own) => make("td", {}, brief(one[own])))))));
  }
  return make("p", { class: "said" }, part.map(brief).join(", "));
}
function bars(scores) {
  const rows = Object.entries(scores).sort((left, right) => right[1] - left[1]), most = Math.max(...rows.map(([, score]) => Math.abs(score)), 1);
  const cells = rows.slice(0, 12).flatMap(([label, score]) => {
    const bar = make("i");
    bar.style.width = `${(100 * Math.abs(score)) / most}%`;
    return [make("span", {}, label), make("span", {}, bar), make("span", {}, number(score))];
  });
  return make("div", { class: "bars", role: "group", "aria-label": words.probability }, ...cells);
}
const facts = (part) => make("table", {}, make("tbody", {}, ...Object.entries(part).slice(0, 100).map(([name, value]) => make("tr", {}, make("th", {}, name), make("td", {}, brief(value))))));
function boxes(part, picture) {
  const figure = make("figure", {}), image = make("img", { src: URL.createObjectURL(picture), alt: part.map((one) => one.label).join(", ") });
  image.addEventListener("load", () => {
    const width = image.naturalWidth, height = image.naturalHeight, unit = Math.max(width, height) / 100;
    const lines = part.flatMap((one, index) => {
      const [left, top, wide, high] = one.box, colour = `hsl(${(index * 67) % 360} 90% 45%)`;
      return [drawn("rect", { x: left, y: top, width: wide, height: high, fill: "none", stroke: colour, "stroke-width": unit * 0.8 }), drawn("text", { x: left + unit, y: Math.max(top, unit * 4), fill: colour, "font-size": unit * 4 }, `${one.label} ${one.score == null ? "" : number(one.score)}`)];
    });
    figure.append(drawn("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...lines));
  });
  figure.append(image);
  return make("div", {}, figure, listed("", part.map(({ box, label, score }) => ({ label, score, box: box.map((one) => Math.round(one)).join(", ") }))));
}
function marked(text, part) {
  const letters = [...text], out = make("p", { class: "said" });
  let place = 0;
  for (const one of [...part].sort((left, right) => left.start - right.start)) {
    if (one.start < place) continue;
    out.append(letters.slice(place, one.start).join(""), make("mark", {}, letters.slice(one.start, one.end).join(""), make("small", {}, ` ${one.label || ""} `)));
    place = one.end;
  }
  out.append(letters.slice(place).join(""));
  return out;
}
function curve(name, values) {
  const low = Math.min(...values), high = Math.max(...values), room = high - low || 1;
  const points = values.map((value, index) => `${(index * 390) / Math.max(1, values.length - 1) + 5},${95 - ((value - low) * 90) / room}`).join(" ");
  return make("div", {}, make("p", { class: "soft" }, `${name}: ${number(low)} – ${number(high)}`), drawn("svg", { viewBox: "0 0 400 100", class: "curve", role: "img", "aria-label": name }, drawn("polyline", { points, fill: "none", stroke: "currentColor", "stroke-width": 1.5 })));
}

// -- the page -----------------------------------------------------------------------------------------------------
function show(name) {
  run = told.runs.find((one) => one.name === name);
  at("about").textContent = [run.task, run.model].filter(Boolean).join(" · ");
  shown = Object.fromEntries(Object.entries(run.inputs).map(([own, schema]) => [own, control(own, schema)]));
  at("inputs").replaceChildren(...Object.values(shown).map((one) => one.element));
  const options = Object.entries(run.options || {});
  at("options").hidden = !options.length;
  at("options").lastElementChild.replaceChildren(make("div", { class: "cells" }, ...options.map(([own, value]) => make("label", {}, own, make("input", { name: own, value: String(value), "data-usual": String(value) })))));
  at("answers").replaceChildren();
  const table = at("table");
  table.replaceChildren();
  if (run.tables) {
    const input = make("input", { type: "file", accept: ".csv,.tsv,.xlsx,.jsonl,.parquet", onchange: () => input.files.length && busy(() => askTable(input.files[0])) });
    const label = make("label", { class: "drop" }, said("table"), input);
    dropped(label, (file) => busy(() => askTable(file)));
    table.append(label);
  }
}
function begin() {
  at("entry").hidden = true; at("asking").hidden = false;
  at("run").replaceChildren(...told.runs.map((one) => make("option", { value: one.name }, one.name)));
  at("run").addEventListener("change", () => show(at("run").value));
  show(told.runs[0].name);
}
at("form").addEventListener("submit", (event) => { event.preventDefault(); busy(ask); });
at("language").addEventListener("change", () => speak(at("language").value));
at("entry").addEventListener("submit", async (event) => {
  event.preventDefault();
  key = at("key").value;
  const response = await fetch("v1/runs", { headers: headers() });
  if (!response.ok) { at("answers").replaceChildren(refusal((await response.json()).error)); return; }
  told.runs = (await response.json()).runs;
  at("answers").replaceChildren();
  begin();
});
speak(new URLSearchParams(location.search).get("lang") === "ja" || (!location.search.includes("lang=") && (navigator.language || "").startsWith("ja")) ? "ja" : location.search.includes("lang=en") ? "en" : told.language);
if (told.keys) at("entry").hidden = false; else begin();
