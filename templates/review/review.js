"use strict";
// Keyboard, the comment bank and the recalibration's answer. Everything works without it, by mouse and Tab.
(() => {
  const find = (what, where = document) => where.querySelector(what);
  const help = find("#help"), switchBox = find("#keys-on"), helpButton = find("#help-button");
  if (!help) return;

  // Single keys as shortcuts can be switched off (WCAG 2.1.4).
  const STORED = "grader-keys";
  const keysOn = () => switchBox.checked;
  try { switchBox.checked = localStorage.getItem(STORED) !== "off"; } catch { /* storage is forbidden: on */ }
  switchBox.addEventListener("change", () => {
    try { localStorage.setItem(STORED, keysOn() ? "on" : "off"); } catch { /* only for this page then */ }
  });
  helpButton.hidden = false;
  helpButton.addEventListener("click", () => help.showModal());

  const typing = target => target.closest("input:not([type=radio]):not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]");
  const current = () => document.activeElement.closest("[data-criterion]");

  const goToCriterion = number => {
    const card = find(`[data-criterion="${number}"]`);
    if (!card) return false;
    (find(".levels-choice input:checked", card) || find(".levels-choice input", card)).focus();
    card.scrollIntoView({block: "nearest"});
    return true;
  };
  const comment = () => {
    const box = find(".comment-box", current() || find("#whole") || document);
    if (!box) return false;
    box.open = true;
    find("textarea", box).focus();
    return true;
  };
  const press = key => {
    const wanted = find(`[data-key="${key}"]`);
    if (wanted) wanted.click();
    return Boolean(wanted);
  };
  const actions = {
    "?": () => { help.showModal(); return true; },
    "/": () => { const box = find("#search"); if (box) box.focus(); else location.assign("/queue"); return true; },
    "c": comment,
    "n": () => { const side = find("#beside"); if (side) { side.focus(); side.scrollIntoView({block: "nearest"}); } return Boolean(side); },
    "q": () => press("q") || (location.assign("/queue"), true),
  };

  document.addEventListener("keydown", event => {
    if (event.defaultPrevented || event.isComposing) return;
    const text = event.target instanceof Element && typing(event.target);
    if (text) {
      if (event.key === "Escape") text.blur();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && text.form) { event.preventDefault(); text.form.requestSubmit(); }
      const digit = event.altKey && /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
      if (digit && text.matches("textarea")) {
        const offered = text.form.querySelectorAll(".bank-text")[Number(digit[1]) - 1];
        if (offered) { event.preventDefault(); insert(text, offered.dataset.text); }
      }
      return;
    }
    if (help.open || !keysOn() || event.ctrlKey || event.metaKey || event.altKey) return;
    const done = /^[1-9]$/.test(event.key) ? goToCriterion(event.key) : actions[event.key] ? actions[event.key]() : /^[jkrubx]$/.test(event.key) && press(event.key);
    if (done) event.preventDefault();
  });

  // ---------- the comment bank
  function insert(area, sentence) {
    const gap = area.value && !/\s$/.test(area.value) ? " " : "";
    area.setRangeText(gap + sentence, area.selectionStart, area.selectionEnd, "end");
    area.focus();
  }
  for (const button of document.querySelectorAll(".bank-text")) {
    button.addEventListener("click", () => insert(find("textarea", button.closest("form")), button.dataset.text));
  }

  // ---------- recalibration: an answer at once, while numbers are moved
  if (find("#loading")) setTimeout(() => location.reload(), 1000);
  const dials = find("#dials"), effect = find("#effect"), apply = find("#apply");
  if (dials) {
    let waiting = 0, asked = 0;
    const moved = () => {
      const values = new URLSearchParams();
      for (const dial of dials.querySelectorAll(".dial")) {
        const number = find("input[type=number]", dial);
        const changed = number.value !== "" && Number(number.value) !== Number(dial.dataset.current);
        dial.classList.toggle("moved-dial", changed);
        if (changed) values.set(number.name, number.value);
      }
      return values;
    };
    const ask = async () => {
      const values = moved(), mine = ++asked;
      for (const old of apply.querySelectorAll("[name^='to.']")) old.remove();
      for (const [name, value] of values) {
        const field = document.createElement("input");
        Object.assign(field, {type: "hidden", name, value});
        apply.append(field);
      }
      history.replaceState(null, "", `/recalibrate?${values}`);
      effect.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(`/recalibrate/effect?${values}`);
        if (mine !== asked) return;
        if (answer.ok) effect.innerHTML = await answer.text();
        else effect.textContent = "That can't be worked out: check the number.";
      } catch {
        effect.textContent = "The review desk does not answer: is it still running?";
      } finally {
        if (mine === asked) effect.removeAttribute("aria-busy");
      }
    };
    for (const dial of dials.querySelectorAll(".dial")) {
      const slider = find("input[type=range]", dial), number = find("input[type=number]", dial);
      slider.hidden = false;
      slider.addEventListener("input", () => { number.value = slider.value; });
      number.addEventListener("input", () => { slider.value = number.value; });
    }
    dials.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 250); });
    find("#show").hidden = true;
    if (String(moved()) !== location.search.slice(1).replace(/^applied=.*/, "")) ask(); // moved before this ran
  }

  // A finding that an address or a link leads to is unfolded.
  const unfold = () => {
    const wanted = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let around = wanted && wanted.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    if (wanted) wanted.scrollIntoView({block: "nearest"});
  };
  addEventListener("hashchange", unfold);
  unfold();
})();
