"""Train the digit reader and write what shows how well it works."""

import argparse
import csv

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=12)
epochs = parser.parse_args().epochs
torch.manual_seed(0)
torch.set_num_threads(1)

digits = load_digits()
x_train, x_test, y_train, y_test = train_test_split(digits.data / 16.0, digits.target, random_state=0, stratify=digits.target)
x_train, x_test = torch.tensor(x_train, dtype=torch.float32), torch.tensor(x_test, dtype=torch.float32)
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)
assert x_train.shape == (1347, 64), x_train.shape

model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
print(model)
assert model(x_train[:2]).shape == (2, 10)

optimizer, criterion = torch.optim.Adam(model.parameters(), lr=0.01), nn.CrossEntropyLoss()
losses = []
for epoch in range(epochs):
    order, total = torch.randperm(len(x_train)), 0.0
    for batch in order.split(32):
        optimizer.zero_grad()
        loss = criterion(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    losses.append(total / len(x_train))
    print(f"epoch {epoch + 1} loss {losses[-1]:.4f}")

model.eval()
with torch.no_grad():
    probability = model(x_test).softmax(dim=1)
predicted = probability.argmax(dim=1)
current = (predicted == y_test).float().mean().item()
baseline = np.bincount(y_test).max() / len(y_test)
print(f"baseline {baseline:.3f}, current {current:.3f}, improvement {current - baseline:.3f}")


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


write("metrics.csv", ["metric", "baseline", "current", "improvement"], [["accuracy", baseline, current, current - baseline]])
write("loss.csv", ["epoch", "loss"], [[epoch + 1, loss] for epoch, loss in enumerate(losses)])
rows = [[row, int(y_test[row]), int(predicted[row]), float(probability[row].max())] for row in range(len(y_test))]
write("predictions.csv", ["row", "true", "predicted", "probability"], rows[:40])
write("failures.csv", ["row", "true", "predicted", "probability"], [row for row in rows if row[1] != row[2]])
torch.save(model.state_dict(), "digits.pt")
