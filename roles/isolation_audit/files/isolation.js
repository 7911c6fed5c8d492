"use strict";
/* Draws the report from the data in the page. Texts become text nodes, never markup. */

const SAID = { fail: "FAIL", error: "ERROR", pass: "pass", informational: "note", notchecked: "not checked" };
const PAGE_SIZE = 100;
const EXPECTED = 4, OBSERVED = 5, INSPECTED = 6, REASON = 7, EVIDENCE = 8, WAIVER = 9;
const byId = (id) => document.getElementById(id);

/** An element with attributes (class, href, ...) and children; a child that is no element is text. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** A finding with words instead of numbers. */
function opened(data, row) {
  const text = (number) => data.texts[number];
  const evidence = [];
  for (let at = 0; at < row[EVIDENCE].length; at += 2) {
    evidence.push([text(row[EVIDENCE][at]), text(row[EVIDENCE][at + 1])]);
  }
  return {
    subject: data.subjects[row[0]], check: data.checks[row[1]], status: data.statuses[row[2]], red: row[3] === 1,
    expected: text(row[EXPECTED]), observed: text(row[OBSERVED]), inspected: text(row[INSPECTED]),
    reason: text(row[REASON]), evidence, waiver: row[WAIVER] || null,
  };
}

const tone = (finding) =>
  finding.red ? "bad" : finding.status === "pass" ? "good" : finding.waiver || finding.status === "notchecked" ? "note" : "none";

/** The address of a finding, a cell or a subject within this page. It is the same in every run. */
const address = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

function head(...titles) {
  return make("thead", {}, make("tr", {}, ...titles.map((title) => make("th", { scope: "col" }, title))));
}

function drawHeader(data) {
  const { summary } = data;
  const outcome = summary.ok ? "Isolated" : "Not isolated";
  byId("verdict").className = summary.ok ? "good" : "bad";
  byId("verdict").textContent = `${outcome}: ${summary.containers} containers, ${summary.fail} failed, ` +
    `${summary.error} without evidence, ${summary.pass} passed, ${summary.waived} waived`;
  byId("about").textContent = `Judged ${data.generated || "at a time that nobody gave"} by the profile ${data.profile}; ` +
    `a finding of severity ${data.fail_on} or above fails.`;
}

function drawHosts(data) {
  const rows = Object.entries(data.hosts).map(([name, host]) =>
    make("tr", {}, make("th", { scope: "row", class: "name" }, name), make("td", {}, host.kernel ?? "?"),
      make("td", {}, host.engine ?? "?"), make("td", {}, host.cgroup_version ?? "?"),
      make("td", {}, host.selinux === "1" ? "enforcing" : host.selinux === "0" ? "permissive" : "none"),
      make("td", {}, String(host.containers)), make("td", { class: host.error ? "bad" : null }, host.error || "read")));
  byId("hosts").append(head("Host", "Kernel", "Engine", "Control groups", "SELinux", "Containers", "Facts"),
    make("tbody", {}, ...rows));
}

/** "check subject" as a link to that finding. */
function toFinding(key) {
  const at = key.indexOf(" ");
  return make("a", { href: address("finding", key.slice(at + 1), key.slice(0, at)) }, key);
}

function drawDrift(data) {
  const { drift } = data, place = byId("drift");
  if (!drift.since) return void place.append(make("p", {}, "There is no earlier run to compare with."));
  const kinds = ["new", "changed", "fixed", "gone"].filter((kind) => drift[kind].length);
  place.append(make("p", {}, `Compared with ${drift.since}: ${
    kinds.map((kind) => `${drift[kind].length} ${kind}`).join(", ") || "nothing changed"}.`));
  for (const kind of kinds) {
    const items = drift[kind].map((key) => make("li", {}, kind === "new" || kind === "changed" ? toFinding(key) : key));
    place.append(make("details", {}, make("summary", {}, `${kind} (${items.length})`), make("ul", {}, ...items)));
  }
}

/** How many findings were red in each of the last runs; the numbers are words too, so the bars may be missed. */
function drawTrend(data) {
  const runs = [...data.runs, { generated: data.generated, summary: data.summary }];
  if (runs.length < 2) return;
  const counts = runs.map(({ summary }) => summary.fail + summary.error - summary.waived);
  const most = Math.max(...counts, 1);
  const bars = runs.map((run, at) => {
    const bar = make("i", { "aria-hidden": "true" });
    bar.style.height = `${Math.round((counts[at] / most) * 75)}%`;
    return make("li", { class: run.summary.ok ? "ok" : null, title: run.generated }, String(counts[at]), bar,
      (run.generated || "?").slice(5, 10));
  });
  byId("trend").append(make("h3", {}, "Red findings in the last runs"), make("ol", { class: "bars" }, ...bars));
}

/** Subject to concept to its findings' counts, and the worst severity that is red. */
function counted(data) {
  const table = data.subjects.map(() => ({ cells: new Map(), red: 0, worst: data.severities.length }));
  for (const row of data.findings) {
    const check = data.checks[row[1]], entry = table[row[0]];
    if (!entry.cells.has(check.concept)) entry.cells.set(check.concept, { red: 0, pass: 0, all: 0, waived: 0 });
    const cell = entry.cells.get(check.concept);
    cell.all += 1;
    if (data.statuses[row[2]] === "pass") cell.pass += 1;
    if (row[3]) {
      cell.red += 1;
      entry.red += 1;
      entry.worst = Math.min(entry.worst, data.severities.indexOf(check.severity));
    } else if (row[WAIVER]) cell.waived += 1;
  }
  return table;
}

function cellOf(subject, concept, cell) {
  if (!cell) return make("td", { class: "none" }, "–");
  const [kind, words] = cell.red ? ["bad", `✗ ${cell.red} of ${cell.all}`] : cell.waived ? ["note", `waived ${cell.waived}`]
    : cell.pass ? ["good", `✓ ${cell.pass}`] : ["none", `· ${cell.all}`];
  const said = cell.red ? `${cell.red} of ${cell.all} red` : cell.waived ? `${cell.waived} waived` : `${cell.pass} passed`;
  return make("td", {}, make("a", { class: kind, href: address("subject", subject.name, concept),
    "aria-label": `${subject.name}, ${concept}: ${said}` }, words));
}

/** Some of the subjects, the worst first, with the concepts that they are judged by. */
function drawMatrix(data, id, wanted, title) {
  const table = counted(data);
  const order = data.subjects.map((_subject, at) => at).filter((at) => wanted(data.subjects[at])).sort((one, other) =>
    table[one].worst - table[other].worst || table[other].red - table[one].red);
  const concepts = data.concepts.filter((concept) => order.some((at) => table[at].cells.has(concept)));
  const students = order.some((at) => data.subjects[at].student);
  const rows = order.map((at) => {
    const subject = data.subjects[at];
    return make("tr", {}, make("th", { scope: "row", class: "name", title: subject.name },
      make("a", { href: address("subject", subject.name) }, subject.name)),
    ...(students ? [make("td", {}, subject.student || "–")] : []),
    ...concepts.map((concept) => cellOf(subject, concept, table[at].cells.get(concept))));
  });
  byId(id).append(head(title, ...(students ? ["Student"] : []), ...concepts), make("tbody", {}, ...rows));
}

function drawWaivers(data) {
  const rows = data.findings.filter((row) => row[WAIVER]).map((row) => {
    const { check, subject, waiver } = opened(data, row);
    return make("tr", { class: waiver.expired ? "bad" : null }, make("th", { scope: "row", class: "name" },
      make("a", { href: address("finding", subject.name, check.id) }, `${check.id} ${subject.name}`)),
    make("td", {}, waiver.expires + (waiver.expired ? " (expired)" : "")), make("td", {}, waiver.reason));
  });
  byId("waivers").append(rows.length ? make("table", {}, head("Finding", "Until", "Reason"), make("tbody", {}, ...rows))
    : make("p", {}, "No finding is waived."));
}

/** The three values side by side, then whatever else is known. It is made when somebody opens it. */
function bodyOf(finding) {
  const { check } = finding;
  const three = [["Expected", finding.expected], ["Kernel says", finding.observed], ["Engine says", finding.inspected || "–"]];
  const more = [["Reason", finding.reason], ["Remedy", finding.red ? check.remedy : ""], ["Set by", check.variable],
    ["Why it matters", check.why], ...Object.entries(check.references).map(([source, ids]) => [source, ids.join(", ")])];
  if (finding.waiver) more.unshift([finding.waiver.expired ? "Waiver, expired" : "Waived until",
    `${finding.waiver.expires}: ${finding.waiver.reason}`]);
  const pairs = (list) => list.filter(([, text]) => text).flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, text)]);
  const evidence = finding.evidence.map(([path, raw]) => make("tr", {}, make("td", {}, path), make("td", {}, raw)));
  return make("div", { class: "body" },
    make("dl", { class: "three" }, ...three.map((pair) => make("div", {}, ...pairs([pair])))),
    evidence.length ? make("table", { class: "evidence" }, head("Evidence", "What stands there"), make("tbody", {}, ...evidence)) : "",
    make("dl", { class: "more" }, ...pairs(more)),
    make("p", {}, make("a", { href: address("finding", finding.subject.name, check.id) }, "Link to this finding")));
}

function itemOf(finding, open) {
  const { check, subject } = finding;
  const details = make("details", {}, make("summary", {},
    make("span", { class: `badge ${tone(finding)}` }, finding.waiver && !finding.red ? "waived" : SAID[finding.status] || finding.status),
    make("strong", {}, `${check.id} `), `${check.title} `, make("span", { class: "where" }, `${subject.name} (${check.severity})`)));
  const fill = () => { if (details.open && details.childElementCount === 1) details.append(bodyOf(finding)); };
  details.addEventListener("toggle", fill);
  details.open = open;
  if (open) fill();
  return make("li", { class: tone(finding), id: address("finding", subject.name, check.id).slice(1) }, details);
}

/** What the form asks for, as a question about a row. Words are looked for in all that is said of a finding, and
 *  =word is the id of its check. */
function asked(data) {
  const value = (id) => byId(id).value;
  const words = value("search").toLowerCase().split(/\s+/).filter(Boolean);
  const [status, severity, concept, subject] = ["status", "severity", "concept", "subject"].map(value);
  const text = (row) => {
    const check = data.checks[row[1]];
    return [check.id, check.title, data.subjects[row[0]].name, data.subjects[row[0]].student, data.texts[row[OBSERVED]],
      ...row[EVIDENCE].map((at) => data.texts[at])].join(" ").toLowerCase();
  };
  return (row) => {
    const check = data.checks[row[1]], state = data.statuses[row[2]];
    if (status === "red" ? !row[3] : status === "waived" ? !row[WAIVER] : status && status !== state) return false;
    if ((severity && check.severity !== severity) || (concept && check.concept !== concept)) return false;
    if (subject && data.subjects[row[0]].name !== subject) return false;
    if (!words.length) return true;
    const all = text(row);
    return words.every((word) => word.startsWith("=") ? word === `=${check.id}` : all.includes(word));
  };
}

function drawList(data, open) {
  const found = data.findings.filter(asked(data));
  const list = byId("list"), more = byId("more");
  let shown = 0;
  list.replaceChildren();
  const grow = () => {
    const next = found.slice(shown, shown + PAGE_SIZE);
    list.append(...next.map((row) => itemOf(opened(data, row), open && found.length === 1)));
    shown += next.length;
    more.hidden = shown >= found.length;
    byId("count").textContent = `${found.length} of ${data.findings.length} findings` +
      (shown < found.length ? `, the first ${shown} shown` : "");
  };
  more.onclick = grow;
  grow();
}

function choices(id, first, values) {
  byId(id).append(make("option", { value: "" }, first), ...values.map(([value, words]) => make("option", { value }, words)));
}

function drawForm(data, concepts) {
  const same = (values) => values.map((value) => [value, value]);
  choices("status", "every", [["red", "red"], ["waived", "waived"], ...same(data.statuses)]);
  choices("severity", "every", same(data.severities));
  choices("concept", "every", same(concepts));
  choices("subject", "every", same(data.subjects.map((subject) => subject.name).sort()));
  let waiting = 0;
  byId("filter").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => drawList(data, false), 120);
  });
  byId("filter").addEventListener("reset", () => setTimeout(() => { location.hash = ""; drawList(data, false); }));
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
}

/** Shows what the address asks for: one finding, a cell of the matrix, a subject; else what is red, or everything. */
function follow(data) {
  const [kind, subject, third] = location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
  const known = kind === "finding" || kind === "subject";
  byId("filter").querySelectorAll("select").forEach((select) => { select.value = ""; });
  byId("search").value = "";
  if (!known) {
    byId("status").value = data.findings.some((row) => row[3]) ? "red" : "";
    return drawList(data, false);
  }
  byId("subject").value = subject;
  if (kind === "subject") byId("concept").value = third || "";
  if (kind === "finding") byId("search").value = `=${third}`;
  drawList(data, kind === "finding");
  byId("findings").scrollIntoView();
  byId("findings").focus({ preventScroll: true });
}

function drawTheme() {
  byId("theme").addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "light" : "dark";
  });
}

async function draw() {
  const data = await unpacked(byId("data").textContent);
  const { concepts } = data;
  drawTheme();
  drawHeader(data);
  drawHosts(data);
  drawDrift(data);
  drawTrend(data);
  drawMatrix(data, "matrix", (subject) => subject.container, "Container");
  drawMatrix(data, "others", (subject) => !subject.container, "Host, image or network");
  drawWaivers(data);
  drawForm(data, concepts);
  addEventListener("hashchange", () => { if (location.hash.startsWith("#/") || !location.hash) follow(data); });
  follow(data);
  document.documentElement.dataset.drawn = "yes";
}

draw().catch((error) => {
  byId("verdict").className = "bad";
  byId("verdict").textContent = `This report cannot be shown: ${error}. The same findings are in the JSON file beside it.`;
});
