# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers of images and containers as a picture: a pure function of what image_layers_info returned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layers_svg import draw


def layers_svg(found: Any, title: str = "Layers") -> str:
    if not isinstance(found, Mapping) or not (found.get("images") or found.get("containers")):
        raise AnsibleFilterError("layers_svg: wants the result of image_layers_info, with images or containers in it")
    try:
        return draw(found, str(title))
    except (KeyError, TypeError) as error:
        raise AnsibleFilterError(f"layers_svg: this is no result of image_layers_info ({error} is missing)") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"layers_svg": layers_svg}
