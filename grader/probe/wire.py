r"""The event format: what the probe writes and the host reads. Standard library only, imported by both sides.

Channel: one-way byte stream (a pipe whose write end the kernel inherits; its descriptor number stands in the
environment variable FD_VARIABLE). Each event is one line of JSON, sent as `\n{...}\n` so that a line torn by an
interrupt or by another writer costs that line only. Every event has `seq` (0, 1, 2, ...) and `kind`. The runner, not
the probe, stamps the cell: it drains the channel after each cell's reply, before the next cell starts.

Artifacts (arrays as `.npy` without pickle, models as `.keras` or as graphs) go over the same channel, in parts:

    {"seq": 7, "kind": "artifact", "artifact": "a3", "format": "npy", "part": 0, "parts": 2, "data": "<base64>"}

An artifact can be sent once; later parts for a finished id are channel faults. So nothing that was sent can be taken
back or overwritten by later cells.

Ids: rows r*, labels l*, models m* (m-sklearn-* for estimators), trainings f*, scorings s*, artifacts a*, data sets d*,
preprocessing objects o*, figures g*, axes x*.

Identity of rows: `rows` ids stand for distinct contents (the digest of all row hashes and the shape); the same
array, copied or under another name, has the same id. Per-row hashes are uint64 arrays in row order.

Kinds and their fields (optional ones in brackets; ids: rows r*, labels l*, model m*, fit f*, scoring s*, artifact a*):

    probe.started   python, pid, cell_ends: true where every cell ends with a probe.integrity
    probe.hooked    library, version
    probe.fault     where, error              the probe's own fault, swallowed: what it would have seen is unknown
    probe.dropped   what, why                 a cap was reached
    probe.integrity sent: {kind: number}, artifacts: number, executed: digest of the cell's source, [failed: the
                    exception the cell ended with], [missing: hooks that are gone], [altered: parts of the shell that
                    code goes through and that are not what they were], [foreign: number of sendings that no hook
                    made]                     at the end of every cell: where it does not come, nobody was watching
    artifact        see above; format: npy | keras | graph | program | json

    rows.seen       rows, count, shape (of one row), dtype, source: array | frame | tf.data | generator | sequence,
                    exact: artifact (uint64 per row), canonical: artifact (uint64 per row; per-row min-max to 8 bits),
                    low, high, mean, nans, [values: artifact (the rows themselves)], [values_index: artifact (int64,
                    which rows `values` holds, when only a sample was kept)], [scale: 255 where `values` was packed
                    to uint8 and the true rows are float32(values / scale)], complete: bool. Floating rows are kept
                    as float32: what Keras computes with. Sent again, whole, when the values of known rows are
                    added; the last announcement of an id counts. Whole numbers of 0..255 travel as uint8 without
                    `scale`, whatever `dtype` says they were
    labels.seen     labels, count, shape (of one row), dtype, form: int | one_hot | binary | float | text | unknown,
                    classes: [str], counts: [int], low, high, values: artifact (int64 index into classes; for the form
                    float the numbers as float64)
    rows.labelled   rows, labels              these rows were seen with these labels (fit, evaluate, loader, split)
    data.loaded     function, parts: [{rows, labels}]         keras.datasets.*, sklearn.datasets.*, ...
                    For a folder of pictures (image_dataset_from_directory) parts is empty, its rows are seen at use:
                    settings: {directory, subset, seed, validation_split, shuffle, label_mode, color_mode},
                    classes: [str], datasets: [dataset]
    data.columns    count, columns: [{name, distinct, codes: artifact (int32, one per row; equal values, equal codes)}]
                    a table that pandas read; columns of fractions and those that hardly repeat are left out
    data.files      names: [str]              files that a cell read one after the other, at most three parts of each
    data.op         op, dataset, settings: {}   a tf.data set (d*) is made. Of another one (shuffle, take, skip, batch,
                    map, ...): source, the set it was made of. Of nothing (from_tensor_slices, from_generator, zip,
                    ...): rows, labels, both null unless arrays were given to from_tensor_slices
    split.made      function, sizes: [int], settings: {random_state, shuffle, stratify, test_size, train_size,
                    n_splits, validation_split, cv, seed: those the function has}, inputs: [rows], outputs: [rows].
                    outputs and sizes are empty for cross-validation (its folds are made later), outputs for
                    keras.utils.split_dataset (its parts are seen at use). [places: artifacts (int64), one per
                    output: the index that a frame's rows kept from the frame that was split]
    preprocessing.fitted       object, class, rows, stateless: bool
    preprocessing.transformed  object, class, rows_in, rows_out
    seed.set        function, value

    model.described model, library, class, family: sequential | functional | subclassed | other, layers: [{name, class,
                    parameters, trainable, output_shape, settings: {}}], parameters, trainable_parameters,
                    input_shape, output_shape, output_activation, pretrained
    model.compiled  model, loss, from_logits, optimizer, learning_rate, metrics: [str]
    fit.began       fit, model, rows, labels, validation_rows, validation_labels, validation_split, epochs,
                    batch_size, callbacks: [{class, monitor, settings: {}}], weights: digest, augmentation: [str],
                    [loop: custom, for training without fit: GradientTape, train_on_batch, or a PyTorch optimizer's
                    steps; epochs is then unknown]
    fit.epoch       fit, epoch (0-based), logs: {name: number}. Of a custom loop they come at its end: passes over its
                    rows, with the losses that gradients were taken of and the results of Keras's metric objects. Of a
                    PyTorch loop they come as it goes: loss (mean of the batches), loss_per_row and loss_of_last_batch
                    where these differ, accuracy; `val_` before them for rows scored between epochs, `evaluated_` where
                    those were training rows
    fit.ended       fit, completed: bool, [error], weights: digest, seconds, rows, validation_rows (for streams, known
                    only now; of the first pass), labels, validation_labels, [later_rows: rows that only later
                    passes brought, without values], [unstable: bool], [loop], [steps: of a custom loop],
                    [built_with: digest after the first epoch, of a model that fit built], [put_in: how weights came
                    in meanwhile that no training made],
                    [drawn_from, validation_drawn_from: rows whose altered copies a stream brought, as
                    ImageDataGenerator.flow(x) does],
                    [capped: null, or where a budget cut it {steps, steps_asked (null: not known), ended_early,
                    fewer_validated}: steps that were done and asked for, whether epochs were left out, whether
                    validation was on a part of its rows]
    model.sealed    model, weights: digest, [artifact (.keras; a graph where that would need the student's code; a
                    program of PyTorch)], [why_not: why there is no artifact, or why it can't be loaded without the
                    student's code]
    model.start     model, weights: digest, artifact   as a training found it; not where an earlier training left
                    these weights, and for large models. Of a graph it comes with the first seal
    model.scored    score, model, how: evaluate | predict | call | score, rows, labels, weights: digest,
                    returned: {name: number}, [predictions: artifact (float, one row per input row)],
                    [during: the fit in whose callback, or between whose epochs, this happened; not sealed]
                    [active: a PyTorch model with dropout or batch normalisation was not in evaluation mode]
    metric.computed function, true: labels, predicted: labels, count, [value], [matrix: [[number]]], [text],
                    [score: the scoring whose predictions were given]
    figure.drawn    figure, axes, draw: line | image | mesh | bar | scatter | hist | text | other, label, x, y
                    (numbers, capped), shape, [values (matrix, capped)], [rows: row set a picture's row belongs to,
                    row: which row of it]
    figure.titled   figure, axes, title, x_label, y_label, texts: [str] (annotations, capped), legend: [str],
                    y_limits: [low, high] where they were set by hand, y_scale: "linear" | "log" | ...
    augmentation    class, [rows_in, rows_out]   a random layer or function applied outside a model; with rows (one
                    for one) where it was applied to rows in memory, without where it became a part of a pipeline
    run.note        what: drive | upload | url | package | magic | login, text    something stood in for what was asked
    run.lacked      need: url | file | package | secret | input, name, by      asked for, and not here
    weights.loaded  model, how, weights: digest  load_weights, load_model, set_weights, pretrained application
    weights.kept    model, weights: digest, during: the training of this model that is going on
                                              save, save_weights, get_weights: a state that may be loaded again
    file.saved      path (relative to the working folder where it lies in it), how: save_model | save_weights |
                    torch.save | numpy.save | numpy.savez | ... | to_csv | joblib.dump, what: model | weights | array |
                    table | object, [model, weights: digest, during], [shape, dtype], [names: of columns or arrays]
    file.loaded     path, how: load_model | load_weights | torch.load | numpy.load | joblib.load, what,
                    [model, weights: digest]
    file.left       path, size, [head: the first 8,000 bytes of a text file, in parts], [whole: the head is all],
                    [lines]                   new or changed in the working folder at the end of a cell
"""

from __future__ import annotations

FD_VARIABLE = "GRADER_PROBE_FD"
"""Environment variable with the number of the channel's write descriptor."""

TOP_VARIABLE = "GRADER_PROBE_TOP"
"""Environment variable with the folder of all that was handed in, where the kernel starts in a folder of it."""

BUDGET_VARIABLE = "GRADER_PROBE_BUDGET"
"""Environment variable with what trainings are allowed (`budget.Allowance` as JSON); not set where all is."""

CHUNK_BYTES = 192 * 1024
"""Raw bytes of an artifact in one part: 256 KiB as base64, far below the line cap."""

MAX_LINE_BYTES = 1024 * 1024
"""Longest line the host accepts; longer ones are dropped and counted as channel faults."""

MAX_EVENTS = 50_000
"""Most events of one run; a loop over `model(x)` must not fill the host's disk."""

MAX_ARTIFACT_BYTES = 256 * 1024 * 1024
"""Largest single artifact: 10,000 colour pictures of 92 x 92 as float32."""

MAX_TOTAL_BYTES = 1024 * 1024 * 1024
"""All artifacts of one run together."""

MAX_SEALS = 24
"""Most sealed models of one run: a loop that scores after every epoch must not seal for ever."""

MAX_SERIES = 2_000
"""Most points of one drawn line that are sent."""

MAX_MATRIX = 64
"""Largest side of a drawn matrix that is sent: more classes than any course's confusion matrix."""
