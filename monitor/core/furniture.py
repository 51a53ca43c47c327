"""What changes on a page by itself: "updated 5 minutes ago", counters of views and comments. Never news.

Only phrases that say what they count are known here. A bare number or clock time may be the news itself.
"""

import re

_N = r"\d[\d\s.,\u00a0\u202f]*"
_CLOCK = r"\d{1,2}[:.]\d{2}(?::\d{2})?(?:\s*[ap]\.?m\.?)?(?:\s*(?:msk|мск|gmt|utc|cst|北京时间))?"
_DAY = r"\d{1,4}[-./年]\d{1,2}[-./月]\d{1,4}日?"
_MOMENT = rf"(?:{_DAY}[\s,]*)?(?:{_CLOCK}|{_DAY})"
_EN_SPAN = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?)"
_RU_SPAN = r"(?:секунд\w*|сек|минут\w*|мин|час\w*|ч|дн\w*|день)"
_EN_COUNTED = r"(?:views?|comments?|likes?|shares?|replies|reads?|reactions?)"
_RU_COUNTED = r"(?:просмотр\w*|комментари\w*|отзыв\w*|лайк\w*|репост\w*|прочтени\w*)"
_HAN_COUNTED = r"(?:阅读|閱讀|浏览|瀏覽|点击|點擊|评论|評論|点赞|讚|转发|播放)(?:量|数|數|次数)?"

_FURNITURE = re.compile(
    "|".join(
        (
            rf"(?:(?:last )?updated|modified)\b\s*(?:at|on)?\s*[:–—-]?\s*(?:{_MOMENT}|{_N}{_EN_SPAN}\s+ago|just now)",
            rf"\b{_N}{_EN_SPAN}\s+ago\b",
            rf"\b{_N}{_EN_COUNTED}\b",
            rf"\b{_EN_COUNTED}\s*[:(]\s*{_N}\)?",
            rf"(?:обновл[её]н[оа]?|изменено)\s*(?:в|от|—|–|-)?\s*:?\s*(?:{_MOMENT}|{_N}{_RU_SPAN}\.?\s+назад)",
            rf"\b{_N}{_RU_SPAN}\.?\s+назад\b",
            rf"\b{_N}{_RU_COUNTED}\b",
            rf"\b{_RU_COUNTED}\s*[:(]\s*{_N}\)?",
            rf"(?:更新|编辑|編輯)(?:于|於|时间|時間)?\s*[:：]?\s*{_MOMENT}",
            rf"{_N}(?:秒钟?|分钟|分鐘|小时|小時|天)(?:之)?前(?:更新)?",
            rf"{_HAN_COUNTED}\s*[:：(（]?\s*{_N}[)）万萬]?",
            rf"{_N}(?:次|条|條|个|個|人)\s*{_HAN_COUNTED}",
        )
    ),
    re.IGNORECASE,
)
_FIGURES = re.compile(r"\d+(?:[.,:\s\u00a0\u202f]\d+)*")


def without(text: str) -> str:
    """The text with its furniture taken out, and white space made one."""
    return " ".join(_FURNITURE.sub(" ", text).split())


def without_figures(text: str) -> str:
    """The text with every figure made alike, for texts that were seen to count."""
    return " ".join(_FIGURES.sub("0", text).split())
