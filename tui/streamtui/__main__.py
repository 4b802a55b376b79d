"""``python -m streamtui`` is the ``streamtui`` command."""

from __future__ import annotations

import sys

from streamtui.cli import main

sys.exit(main())
