"""Settings of all tests."""

import os

# Read when torch is imported, also by processes that tests start. The tensors of the tests are too small to
# be worth a second thread, and several suites may share the machine.
os.environ["OMP_NUM_THREADS"] = "1"
