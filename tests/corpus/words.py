"""The words of notebooks: names, headings, comments, introductions and closings, in English and Spanish."""

from __future__ import annotations

from random import Random

NAMES: dict[str, tuple[str, ...]] = {
    "X": ("images", "data_x", "features", "datos"),
    "y": ("targets_all", "data_y", "classes_of", "etiquetas"),
    "X_train": ("train_x", "x_tr", "first_part", "x_entrena"),
    "y_train": ("train_y", "y_tr", "first_labels", "y_entrena"),
    "X_val": ("dev_x", "x_va", "second_part", "x_valida"),
    "y_val": ("dev_y", "y_va", "second_labels", "y_valida"),
    "X_test": ("test_x", "x_te", "held_back", "x_prueba"),
    "y_test": ("test_y", "y_te", "held_back_labels", "y_prueba"),
    "X_rest": ("rest_x", "x_tmp", "others", "x_resto"),
    "y_rest": ("rest_y", "y_tmp", "other_labels", "y_resto"),
    "train_ds": ("training", "ds_tr", "train_batches", "datos_entrena"),
    "val_ds": ("validation", "ds_va", "dev_batches", "datos_valida"),
    "test_ds": ("testing", "ds_te", "test_batches", "datos_prueba"),
    "whole": ("everything", "ds", "full_ds", "todo"),
    "model": ("net", "clf", "classifier", "modelo"),
    "history": ("hist", "h", "log", "historia"),
    "scaler": ("scaling", "sc", "standard", "escalador"),
    "predicted": ("guesses", "y_pred", "answers_given", "predichas"),
    "loss": ("test_loss", "lo", "loss_value", "perdida"),
    "accuracy": ("test_accuracy", "acc", "share_right", "exactitud"),
    "order": ("shuffled", "perm", "ordering", "orden"),
    "hidden": ("x", "h1", "features_of", "oculta"),
}
"""Canonical name to what four students would call it."""

INTRODUCTIONS: dict[str, tuple[dict[str, str], ...]] = {
    "en": (
        {
            "image": "# Telling small pictures apart\n\nThe input is a grey picture; the network predicts which of the classes it shows.",
            "table": "# A classifier for a table\n\nThe input is a row of measurements; the model predicts its class.",
            "text": "# Telling opinions apart\n\nThe input is a short review; the network predicts which opinion it holds.",
            "number": "# A number from a table\n\nThe input is a row of measurements; the model predicts a number.",
        },
        {
            "image": "# Project: image classification\n\nGiven a small image as input, I want to predict its class with a convolutional network.",
            "table": "# Project: tabular data\n\nGiven the measured columns as input, I want to predict the class of each row.",
            "text": "# Project: reviews\n\nGiven the words of a review as input, I want to predict its class.",
            "number": "# Project: regression\n\nGiven the measured columns as input, I want to predict the target, a number.",
        },
    ),
    "es": (
        {
            "image": "# Clasificación de imágenes\n\nLa entrada es una imagen pequeña y el modelo predice su clase.",
            "table": "# Clasificación de una tabla\n\nLa entrada es una fila de medidas y el modelo predice su clase.",
            "text": "# Clasificación de textos\n\nLa entrada es una reseña corta y el modelo predice su clase.",
            "number": "# Regresión\n\nLa entrada es una fila de medidas y el modelo predice un número.",
        },
    ),
}

HEADINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "load": ("Data", "Loading the data", "The data set"),
        "split": ("Split", "Three parts", "Train, validation, test"),
        "model": ("Model", "The network", "Architecture"),
        "train": ("Training", "Fit"),
        "curves": ("Curves", "How training went"),
        "score": ("Test", "Evaluation", "Result"),
        "matrix": ("Confusion matrix", "Where it errs"),
    },
    "es": {
        "load": ("Datos", "Carga de datos"),
        "split": ("División", "Entrenamiento, validación y prueba"),
        "model": ("Modelo", "La red"),
        "train": ("Entrenamiento",),
        "curves": ("Curvas",),
        "score": ("Evaluación", "Prueba"),
        "matrix": ("Matriz de confusión",),
    },
}

COMMENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "imports": ("libraries", "everything that is needed"),
        "load": ("get the rows and their labels", "load the data"),
        "explore": ("a look at the data", "what does it look like?"),
        "split": ("divide the rows", "make the parts"),
        "prepare": ("get the rows ready", "prepare the inputs"),
        "model": ("a small network is enough here", "build and compile"),
        "train": ("train for a few epochs", "now fit"),
        "curves": ("loss over the epochs", "plot the loss"),
        "score": ("score on rows it has not seen", "the test score"),
        "matrix": ("which classes are mixed up?", "confusion matrix"),
        "errors": ("per class", "precision and recall"),
    },
    "es": {
        "imports": ("bibliotecas", "lo que hace falta"),
        "load": ("leer las filas y sus etiquetas", "cargar los datos"),
        "explore": ("un vistazo a los datos", "cómo son los datos"),
        "split": ("dividir las filas", "hacer las partes"),
        "prepare": ("preparar las entradas", "preparación"),
        "model": ("una red pequeña basta", "construir y compilar"),
        "train": ("entrenar unas épocas", "ahora el ajuste"),
        "curves": ("la pérdida por época", "dibujar la pérdida"),
        "score": ("puntuar con filas no vistas", "la prueba"),
        "matrix": ("qué clases se confunden", "matriz de confusión"),
        "errors": ("por clase", "precisión y exhaustividad"),
    },
}

_CLOSINGS = {
    "en": (
        "## Conclusion\n\nThe network learns quickly. Some classes are confused more than others; with more data I would train a deeper one next.",
        "## What I learned\n\nThe loss falls in the first epochs and then flattens. As a next step I would try dropout and more rows.",
    ),
    "es": (
        "## Conclusión\n\nLa red aprende rápido. Algunas clases se confunden más que otras; el próximo paso sería usar más datos.",
        "## Conclusión\n\nLa pérdida baja en las primeras épocas. El próximo paso sería usar más datos y otra red.",
    ),
}


def closing_words(language: str, rng: Random, *, of_classes: bool) -> str:
    """A short honest closing without numbers."""
    return rng.choice([text for text in _CLOSINGS[language] if of_classes or "clas" not in text])
