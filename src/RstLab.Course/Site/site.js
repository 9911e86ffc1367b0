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

  // A prediction is made here and kept in this browser; what happened says how it compares. Where the notebook has an answer, its
  // output has said so already.
  document.querySelectorAll(".rstlab-options, .rstlab-value").forEach(question => {
    const { prediction: id, unit, within = 0 } = question.dataset;
    const results = [...document.querySelectorAll(".rstlab-compared")].filter(result => result.dataset.prediction === id);
    if (question.querySelector(".rstlab-chosen") || results.some(result => result.dataset.state !== "open")) {
      return;
    }
    const make = (name, properties, ...children) => {
      const element = Object.assign(document.createElement(name), properties);
      element.append(...children);
      return element;
    };
    const key = `rstlab-prediction-${id}`;
    const language = question.closest("[lang]").lang;
    const options = [...question.querySelectorAll("[data-option]")];
    const saying = new Map(options.map(option => [option.dataset.option, `${option.dataset.option}. ${option.textContent}`]));
    const fields = unit ? [make("input", { type: "number", step: "any" })]
      : options.map(option => make("input", { type: "radio", name: key, value: option.dataset.option }));
    options.forEach((option, i) => option.append(make("label", {}, fields[i], " ", ...option.childNodes)));
    if (unit) {
      question.replaceChildren(make("label", {}, fields[0], ` ${unit}`));
    }
    const clear = make("button", { type: "button", lang: root.lang, textContent: words.clear });
    const state = question.parentElement.querySelector(".rstlab-state");
    const form = make("fieldset", { className: "guess" }, make("legend", { lang: root.lang, textContent: words.prediction }));
    question.replaceWith(form);
    form.append(question, clear, state);
    state.lang = root.lang;
    state.setAttribute("role", "status");
    results.forEach((result, i) => {
      result.id = `happened-${id}${i || ""}`;
      result.querySelector(".rstlab-happened").append(make("span", { className: "verdict", lang: root.lang }));
    });
    const unanswered = results.map(result => result.querySelector(".rstlab-predicted").textContent);

    let answer = "";
    const show = () => {
      fields.forEach(field => { field.checked = field.value === answer; });
      clear.hidden = !answer;
      state.replaceChildren(!answer ? words.predict : results.length ? make("a", { href: `#${results[0].id}`, textContent: words.seeResult }) : "");
      results.forEach((result, i) => {
        const { happened } = result.dataset;
        const right = Math.abs(answer - happened) <= within;
        result.dataset.state = !answer || happened === undefined ? "open" : right ? "right" : "wrong";
        result.querySelector(".rstlab-predicted").replaceChildren(...answer
          ? [make("span", { lang: root.lang, textContent: words.youPredicted }), make("span", { lang: language, textContent: saying.get(answer) ?? `${answer} ${unit}` })]
          : [unanswered[i]]);
        result.querySelector(".verdict").textContent = { right: ` ${words.right}`, wrong: ` ${words.wrong}`, open: "" }[result.dataset.state];
        result.querySelectorAll(".rstlab-missed").forEach(missed => {
          missed.hidden = answer !== "" && missed.dataset.option !== answer;
          missed.querySelector(".rstlab-if").hidden = answer !== "";
        });
      });
    };
    const choose = to => {
      answer = to;
      try {
        if (answer) {
          localStorage.setItem(key, answer);
        } else {
          localStorage.removeItem(key);
        }
      } catch {
        // Kept for this page only.
      }
      show();
    };
    form.addEventListener("input", event => choose(event.target.value));
    clear.addEventListener("click", () => {
      fields[0].value = unit ? "" : fields[0].value;
      choose("");
      fields[0].focus();
    });
    try {
      answer = localStorage.getItem(key) ?? "";
    } catch {
      // Nothing is kept.
    }
    if (unit) {
      fields[0].value = answer;
    } else if (!saying.has(answer)) {
      answer = "";
    }
    show();
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
