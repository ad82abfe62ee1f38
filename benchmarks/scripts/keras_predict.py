"""`python keras_predict.py MODEL PICTURE` on the backend that `KERAS_BACKEND` names."""

import sys
from typing import Any

import keras
import numpy as np
from PIL import Image

model: Any = keras.saving.load_model(sys.argv[1])
pixels = np.asarray(Image.open(sys.argv[2]).convert("L"), np.float32)[None, :, :, None] / 255
print(int(np.asarray(model.predict(pixels, verbose=0)).argmax()))
