"""What a failing notebook needed, and a true sentence on why it failed."""

from __future__ import annotations

import pytest
from run_builder import RunBuilder


def facts(tmp_path, source, exception, message):
    made = RunBuilder(tmp_path)
    made.failing_cell(source, exception, message)
    return made.evidence().run


@pytest.mark.parametrize(
    ("source", "exception", "message", "needs"),
    [
        ("import cv2", "ModuleNotFoundError", "No module named 'cv2'", ("module cv2",)),
        ("from google.colab import drive", "ModuleNotFoundError", "No module named 'google.colab'", ("module google.colab",)),
        (
            "(x, y), _ = cifar10.load_data()",
            "Exception",
            ("URL fetch failure on https://storage.googleapis.com/tensorflow/tf-keras-datasets/cifar-10-python.tar.gz: "
            "None -- [Errno -3] Temporary failure in name resolution"),
            ("network", "dataset cifar-10-python"),
        ),
        ("fetch_openml('mnist_784')", "URLError", "<urlopen error [Errno -3] ...>", ("network", "dataset fetch_openml")),
        ("requests.get(url)", "ConnectionError", "Max retries exceeded with url: /data.csv", ("network",)),
        ("pd.read_csv('a.csv')", "FileNotFoundError", "[Errno 2] No such file or directory: 'a.csv'", ("file a.csv",)),
        ("model.cuda()", "AssertionError", "Torch not compiled with CUDA enabled", ("gpu",)),
        ("from keras.utils import np_utils", "ModuleNotFoundError", "No module named 'keras.utils.np_utils'", ()),
        ("1/0", "ZeroDivisionError", "division by zero", ()),
    ],
)  # fmt: skip
def test_needs_name_what_the_machine_lacks(tmp_path, source, exception, message, needs):
    """Missing modules, network, data sets, files and GPUs are needs; old Keras code and bugs are not."""
    assert facts(tmp_path, source, exception, message).needs == needs


@pytest.mark.parametrize(
    ("source", "exception", "message", "says"),
    [
        ("Adam(lr=0.1)", "ValueError", "Argument(s) not recognized: {'lr': 0.1}", "learning_rate="),
        ("model.fit(x, y, nb_epoch=3)", "TypeError", "fit() got an unexpected keyword argument 'nb_epoch'", "epochs="),
        ("from keras.utils import np_utils", "ImportError", "cannot import name 'np_utils' from 'keras.utils'", "to_categorical"),
        ("from keras.layers.core import Dense", "ModuleNotFoundError", "No module named 'keras.layers.core'", "keras.layers"),
        ("model.fit_generator(g)", "AttributeError", "'Sequential' object has no attribute 'fit_generator'", "generators"),
        ("model.predict_classes(x)", "AttributeError", "'Sequential' object has no attribute 'predict_classes'", "argmax"),
        ("plt.plot(h.history['acc'])", "KeyError", "'acc'", "`accuracy`"),
        ("plt.plot(h.history['val_loss'])", "KeyError", "'val_loss'", "validation_data"),
        ("y.astype(np.int)", "AttributeError", "module 'numpy' has no attribute 'int'.", "NumPy"),
        ("m2.fit(x, y)", "KeyError", "'The optimizer cannot recognize variable dense_3/kernel.'", "new optimizer"),
        ("m.save_weights('w.h5')", "ValueError", "The filename must end in `.weights.h5`.", ".weights.h5"),
        ("x = y_trian", "NameError", "name 'y_trian' is not defined", "run all"),
        ("tf.placeholder(tf.float32)", "AttributeError", "module 'tensorflow' has no attribute 'placeholder'", "TensorFlow 1"),
        ("import cv2", "ModuleNotFoundError", "No module named 'cv2'", "cv2"),
    ],
)  # fmt: skip
def test_known_causes_are_explained(tmp_path, source, exception, message, says):
    """Each of the commonest causes gets the sentence that mends it."""
    assert says in facts(tmp_path, source, exception, message).diagnosis


def test_an_unknown_cause_is_left_unexplained(tmp_path):
    """The student's own bug gets no made-up explanation."""
    assert facts(tmp_path, "1/0", "ZeroDivisionError", "division by zero").diagnosis == ""


def test_only_the_first_failure_is_explained_but_all_needs_are_named(tmp_path):
    """Later failures mostly follow from the first; what they lacked is still worth knowing."""
    made = RunBuilder(tmp_path)
    made.failing_cell("1/0", "ZeroDivisionError", "division by zero")
    made.failing_cell("import cv2", "ModuleNotFoundError", "No module named 'cv2'")
    run = made.evidence().run
    assert (run.diagnosis, run.needs, run.failed_cell) == ("", ("module cv2",), 0)
