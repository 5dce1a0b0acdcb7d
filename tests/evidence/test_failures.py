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
            ("network", "dataset cifar10"),
        ),
        ("fetch_openml('mnist_784')", "URLError", "<urlopen error [Errno -3] ...>", ("network", "dataset fetch_openml")),
        ("requests.get(url)", "ConnectionError", "Max retries exceeded with url: /data.csv", ("network",)),
        ("pd.read_csv('a.csv')", "FileNotFoundError", "[Errno 2] No such file or directory: 'a.csv'", ("file a.csv",)),
        ("model.cuda()", "AssertionError", "Torch not compiled with CUDA enabled", ("gpu",)),
        ("from keras.utils import np_utils", "ModuleNotFoundError", "No module named 'keras.utils.np_utils'", ()),
        ("1/0", "ZeroDivisionError", "division by zero", ()),
        ("gpu = tf.config.list_physical_devices('GPU')[0]", "IndexError", "list index out of range", ("gpu",)),
        ("assert tf.test.is_gpu_available()", "AssertionError", "", ("gpu",)),
        ("assert x.shape == (3,)", "AssertionError", "", ()),
        ("name = input()", "StdinNotImplementedError", "raw_input was called, but ...", ("input",)),
        ("from sklearn.externals import joblib", "ModuleNotFoundError", "No module named 'sklearn.externals'", ()),
        ("import cv2", "ImportError", "libGL.so.1: cannot open shared object file: No such file or directory", ("library libGL.so.1",)),
        ("os.makedirs('/content/out')", "PermissionError", "[Errno 13] Permission denied: '/content'", ("place /content",)),
        ("open('data.csv', 'a')", "OSError", "[Errno 30] Read-only file system: 'data.csv'", ("place data.csv",)),
        ("load_model('m.keras')", "ValueError", "File not found: filepath=m.keras. Please ensure the file", ("file m.keras",)),
        ("!wget http://a.b/c.zip\nopen('c.zip')", "FileNotFoundError", "[Errno 2] No such file or directory: 'c.zip'", ("file c.zip", "network")),
        ("!wget http://a.b/c.zip\nx = np.stack(glob('c/*'))", "ValueError", "need at least one array to stack", ("network",)),
        ("m.save_weights('w.h5'); m.load_weights('w.h5')", "FileNotFoundError", "[Errno 2] No such file or directory: 'w.h5'", ()),
        ("x = np.ones((10**6, 10**4))", "_ArrayMemoryError", "Unable to allocate 74. GiB for an array", ("memory",)),
        ("b = b'x' * 6 * 2**30", "MemoryError", "", ("memory",)),
        ("np.save('x.npy', x)", "OSError", "[Errno 28] No space left on device: 'x.npy'", ("disk",)),
        ("%tensorflow_version 2.x", "UsageError", "Line magic function `%tensorflow_version` not found.", ("colab",)),
    ],
)  # fmt: skip
def test_needs_name_what_the_machine_lacks(tmp_path, source, exception, message, needs):
    """Missing modules, network, data sets, files, GPUs, memory and disk are needs; old Keras code and bugs are not."""
    assert facts(tmp_path, source, exception, message).needs == needs


@pytest.mark.parametrize(
    ("source", "exception", "message", "says"),
    [
        ("Adam(lr=0.1)", "ValueError", "Argument(s) not recognized: {'lr': 0.1}", "learning_rate="),
        ("model.fit(x, y, nb_epoch=3)", "TypeError", "fit() got an unexpected keyword argument 'nb_epoch'", "epochs="),
        ("from keras.utils import np_utils", "ImportError", "cannot import name 'np_utils' from 'keras.utils'", "to_categorical"),
        ("from keras.layers.core import Dense", "ModuleNotFoundError", "No module named 'keras.layers.core'", "keras.layers"),
        ("model.fit_generator(g)", "AttributeError", "'Sequential' object has no attribute 'fit_generator'", "give the generator"),
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


@pytest.mark.parametrize(
    ("first", "second", "blamed"),
    [
        (("x = y_trian", "NameError", "name 'y_trian' is not defined"), ("import cv2", "ModuleNotFoundError", "No module named 'cv2'"), "notebook"),
        (("import cv2", "ModuleNotFoundError", "No module named 'cv2'"), ("cv2.imread(a)", "NameError", "name 'cv2' is not defined"), "machine"),
    ],
)  # fmt: skip
def test_the_first_failure_decides_whose_doing_it_was(tmp_path, first, second, blamed):
    """A later want excuses no earlier bug, and what follows from a want is no bug."""
    made = RunBuilder(tmp_path)
    made.failing_cell(*first)
    made.failing_cell(*second)
    assert made.evidence().run.failed_by == blamed
