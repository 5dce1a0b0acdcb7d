(function () {
  "use strict";
  var table = document.getElementById("class-table"), form = document.getElementById("filters");
  if (!table || !form) { return; }
  var name = document.getElementById("filter-name"), show = document.getElementById("filter-show");
  var level = document.getElementById("filter-level"), told = document.getElementById("filter-count");
  var rows = Array.prototype.slice.call(table.tBodies[0].rows), first = 2;
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
    var shown = 0;
    rows.forEach(function (row) { row.hidden = !fits(row); shown += row.hidden ? 0 : 1; });
    told.textContent = shown === rows.length ? "" : shown + " of " + rows.length + " shown";
  }
  form.hidden = false;
  name.addEventListener("input", filter);
  show.addEventListener("change", filter);
  level.addEventListener("change", filter);
  filter();
})();
