"use strict";
// Everything here is an addition: without it the pages can be read, printed and walked through.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const words = JSON.parse(document.querySelector("script.words").textContent);
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : system.matches;

  // The theme: the system's, until the reader says otherwise.
  const toggle = document.querySelector(".theme");
  const name = () => {
    toggle.textContent = isDark() ? words.light : words.dark;
    toggle.setAttribute("aria-label", isDark() ? words.useLight : words.useDark);
  };
  toggle.hidden = false;
  name();
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("rstlab-theme", root.dataset.theme);
    } catch {
      // Kept for this page only.
    }
    name();
  });
  system.addEventListener("change", name);

  // The other language shows the same section.
  const language = document.querySelector(".language");
  language.addEventListener("click", () => { language.hash = location.hash; });

  // The menu of small screens closes when it has led somewhere.
  const menu = document.querySelector(".menu");
  menu.addEventListener("click", event => {
    if (event.target.closest("a")) {
      menu.open = false;
    }
  });
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Copy the code of a cell.
  const copied = document.createElement("p");
  copied.className = "sprite";
  copied.style.overflow = "hidden";
  copied.setAttribute("role", "status");
  document.querySelector("main").append(copied);
  document.querySelectorAll(".code").forEach(code => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = words.copy;
    button.addEventListener("click", async () => {
      const text = code.querySelector("code").textContent;
      let done = true;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const range = document.createRange();
        range.selectNodeContents(code.querySelector("code"));
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        done = document.execCommand("copy");
      }
      button.textContent = copied.textContent = done ? words.copied : words.pressKeys;
      setTimeout(() => { button.textContent = words.copy; copied.textContent = ""; }, 2000);
    });
    code.append(button);
  });

  // What scrolls sideways can be reached by the keyboard, and only that.
  const reach = new ResizeObserver(entries => entries.forEach(({ target }) => {
    if (target.scrollWidth > target.clientWidth + 1 || target.scrollHeight > target.clientHeight + 1) {
      target.tabIndex = 0;
      target.setAttribute("role", "group"); // not a region: a page would have too many landmarks
      const cell = target.closest(".cell")?.id.replace("cell-", words.ofCell);
      target.setAttribute("aria-label", (target.closest(".code") ? words.code : target.tagName === "PRE" ? words.text : words.table) + (cell || ""));
    } else {
      target.removeAttribute("tabindex");
      target.removeAttribute("role");
      target.removeAttribute("aria-label");
    }
  }));
  document.querySelectorAll(".scroll").forEach(part => reach.observe(part));

  // The list of sections shows where the reader is.
  const entries = new Map();
  document.querySelectorAll(".sections a").forEach(link => {
    const id = decodeURIComponent(link.hash.slice(1));
    entries.set(id, [...(entries.get(id) ?? []), link]);
  });
  const headings = [...entries.keys()].map(id => document.getElementById(id)).filter(Boolean);
  let waiting = false;
  const mark = () => {
    waiting = false;
    const here = headings.filter(heading => heading.getBoundingClientRect().top < innerHeight / 3).at(-1);
    entries.forEach((links, id) => links.forEach(link => link.classList.toggle("now", id === here?.id)));
  };
  if (headings.length) {
    addEventListener("scroll", () => {
      if (!waiting) {
        waiting = true;
        requestAnimationFrame(mark);
      }
    }, { passive: true });
    mark();
  }

  // Folded parts are printed unfolded, and dark pages in light colours.
  let opened = [];
  let theme = "";
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("main details:not([open])")];
    opened.forEach(details => { details.open = true; });
    theme = root.dataset.theme ?? "";
    root.dataset.theme = "light";
  });
  addEventListener("afterprint", () => {
    opened.forEach(details => { details.open = false; });
    root.dataset.theme = theme;
  });
})();
