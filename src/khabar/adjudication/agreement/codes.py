"""A matrix of codes: what each annotator answered to each unit.

Codes are small whole numbers from 0, ``MISSING`` where an annotator did not answer.  Shape: (units, annotators).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MISSING = -1
