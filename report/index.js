"use strict";
// Sorts and filters the tables of an index. Without it the page is whole, the
// newest first. What is chosen stands behind the # of the address, as
// #q=WORDS&verdict=WORD&runs=COLUMN.desc, so that a view can be linked.
(() => {
  const controls = document.querySelector(".controls");
  if (!controls) return;
  const words = document.getElementById("words");
  const verdict = document.getElementById("verdict");
  const shown = controls.querySelector(".shown");

  // lineOf is a row as the filter looks at it; around is the text of the row that it lies in.
  const lineOf = (row, around = "") => ({
    row,
    text: around + [...row.cells].map((c) => c.textContent).join(" ").toLowerCase(),
    verdict: row.querySelector(".pill").textContent,
  });

  // itemOf is what moves and hides as one: a run's row, or a comparison's with its runs.
  const itemOf = (element) => {
    const lead = lineOf(element.rows ? element.rows[0] : element);
    const within = element.rows ? [...element.querySelectorAll("details tbody tr")].map((r) => lineOf(r, lead.text + " ")) : [];
    return { element, lead, within, details: element.querySelector("details"), opened: false };
  };

  const lists = [...document.querySelectorAll("table[data-list]")].map((table) => {
    const runs = table.dataset.list === "runs";
    return {
      name: table.dataset.list,
      section: table.closest("section"),
      items: [...(runs ? table.tBodies[0].rows : table.tBodies)].map(itemOf),
      parent: runs ? table.tBodies[0] : table,
      heads: [...table.tHead.querySelectorAll("th[data-sort]")],
      by: "started",
      descending: true,
    };
  });

  // valueOf is what an item is sorted by; null where it has nothing there.
  const valueOf = (item, head) => {
    const cell = item.lead.row.cells[head.dataset.column];
    if (!cell) return null;
    if (head.classList.contains("num")) return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
    if (head.dataset.sort === "started") return cell.querySelector("time")?.dateTime ?? null;
    const text = (cell.firstChild?.textContent ?? "").trim(); // what follows it are remarks
    return text === "" || text === "–" ? null : text;
  };

  const collator = new Intl.Collator("en", { numeric: true });

  // sort sorts from the order of the file on, so that what is alike stays the newest first.
  const sort = (list) => {
    const head = list.heads.find((h) => h.dataset.sort === list.by);
    for (const h of list.heads) h.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", list.descending ? "descending" : "ascending");
    const keyed = list.items.map((item) => ({ item, value: valueOf(item, head) }));
    keyed.sort((a, b) => {
      if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
      const order = typeof a.value === "number" ? a.value - b.value : collator.compare(a.value, b.value);
      return list.descending ? -order : order;
    });
    list.parent.append(...keyed.map((k) => k.item.element));
  };

  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = (line) => (verdict.value === "" || line.verdict === verdict.value) && wanted.every((w) => line.text.includes(w));
    const count = { runs: [0, 0], comparisons: [0, 0] };
    for (const list of lists) {
      for (const item of list.items) {
        const itself = matches(item.lead);
        let found = 0;
        for (const line of item.within) {
          line.row.hidden = !itself && !matches(line);
          found += !line.row.hidden;
        }
        item.element.hidden = !itself && found === 0;
        count[list.name][0] += !item.element.hidden;
        count[list.name][1] += 1;
        count.runs[0] += found;
        count.runs[1] += item.within.length;
        // Where only runs within it match, they are laid open, and closed again later.
        const open = !itself && found > 0;
        if (item.details && open !== item.opened) item.details.open = item.opened = open;
      }
      list.section.hidden = list.items.every((item) => item.element.hidden);
    }
    const told = [];
    if (count.runs[1] > 0) told.push(`${count.runs[0]} of ${count.runs[1]} runs`);
    if (count.comparisons[1] > 0) told.push(`${count.comparisons[0]} of ${count.comparisons[1]} experiments and comparisons`);
    shown.textContent = told.join(", ") + " shown";
  };

  const keep = () => {
    const state = new URLSearchParams();
    if (words.value.trim() !== "") state.set("q", words.value.trim());
    if (verdict.value !== "") state.set("verdict", verdict.value);
    for (const list of lists) {
      if (list.by !== "started" || !list.descending) state.set(list.name, list.by + (list.descending ? ".desc" : ".asc"));
    }
    const hash = state.toString();
    history.replaceState(null, "", hash === "" ? location.pathname + location.search : "#" + hash);
  };

  const restore = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    words.value = state.get("q") || "";
    verdict.value = state.get("verdict") || "";
    if (verdict.selectedIndex < 0) verdict.value = "";
    for (const list of lists) {
      const [by, order] = (state.get(list.name) || "").split(".");
      const known = list.heads.some((h) => h.dataset.sort === by);
      list.by = known ? by : "started";
      list.descending = known ? order === "desc" : true;
      sort(list);
    }
    filter();
  };

  for (const list of lists) {
    for (const head of list.heads) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        list.descending = list.by === head.dataset.sort && !list.descending;
        list.by = head.dataset.sort;
        sort(list);
        keep();
      });
    }
  }
  for (const control of [words, verdict]) {
    control.addEventListener("input", () => {
      filter();
      keep();
    });
  }
  window.addEventListener("hashchange", restore);
  controls.hidden = false;
  restore();
})();
