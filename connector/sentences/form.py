"""What a template is: German, English."""

from __future__ import annotations

Both = tuple[str, str]
