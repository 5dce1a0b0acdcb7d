(function () {
  "use strict";
  var table = document.getElementById("class-table"), form = document.getElementById("filters");
  if (!table || !form) { return; }
  var name = document.getElementById("filter-name"), show = document.getElementById("filter-show");
  var level = document.getElementById("filter-level"), told = document.getElementById("filter-count");
  var body = table.tBodies[0], first = 2, perPage = 100, page = 0;
  var pager = document.getElementById("pager"), place = document.getElementById("pager-told");
  var back = document.getElementById("pager-back"), on = document.getElementById("pager-on");
  var review = table.tHead.rows[0].cells.length - 2;
  function value(row, column) { return row.cells[column].getAttribute("data-sort"); }
  function fits(row) {
    var wanted = name.value.trim().toLowerCase(), failed = value(row, 1) !== "ok", asked = value(row, review) === "1";
    if (wanted && value(row, 0).indexOf(wanted) < 0) { return false; }
    if (show.value === "review" && !asked || show.value === "failed" && !failed) { return false; }
    if (show.value === "clean" && (asked || failed)) { return false; }
    if (!level.value) { return true; }
    var parts = level.value.split(":");
    return value(row, first + Number(parts[0])) === parts[1];
  }
  function filter() {
    var all = Array.prototype.slice.call(body.rows), fitting = all.filter(fits), found = fitting.length;
    page = Math.max(0, Math.min(page, Math.ceil(found / perPage) - 1));
    var start = page * perPage;
    all.forEach(function (row) { row.hidden = true; });
    fitting.slice(start, start + perPage).forEach(function (row) { row.hidden = false; });
    told.textContent = found === all.length ? "" : found + " of " + all.length + " shown";
    pager.hidden = found <= perPage;
    place.textContent = (start + 1) + " to " + Math.min(start + perPage, found) + " of " + found;
    back.disabled = page === 0;
    on.disabled = start + perPage >= found;
  }
  function anew() { page = 0; filter(); }
  function turn(step) { return function () { page += step; filter(); table.scrollIntoView(); }; }
  form.hidden = false;
  name.addEventListener("input", anew);
  show.addEventListener("change", anew);
  level.addEventListener("change", anew);
  table.addEventListener("sorted", anew);
  back.addEventListener("click", turn(-1));
  on.addEventListener("click", turn(1));
  filter();
})();
