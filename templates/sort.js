(function () {
  "use strict";
  var table = document.getElementById("class-table");
  if (!table) { return; }
  var body = table.tBodies[0], words = new Intl.Collator(undefined, { numeric: true });
  function value(row, column) { return row.cells[column].getAttribute("data-sort"); }
  function compare(left, right) {
    var a = parseFloat(left), b = parseFloat(right);
    if (!isNaN(a) && !isNaN(b) && a !== b) { return a - b; }
    return words.compare(left, right);
  }
  Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    button.addEventListener("click", function () {
      var up = head.getAttribute("aria-sort") !== "ascending";
      Array.prototype.forEach.call(table.tHead.rows[0].cells, function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      Array.prototype.slice.call(body.rows)
        .sort(function (a, b) { return (up ? 1 : -1) * compare(value(a, column), value(b, column)); })
        .forEach(function (row) { body.appendChild(row); });
      table.dispatchEvent(new Event("sorted"));
    });
  });
})();
