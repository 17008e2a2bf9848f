"""One step of a task again and again, whatever happens in it."""

import asyncio
import gc

from ata.base.errors import BoardLost
from ata.base.unload import drop_overlays


async def every(ms, name, step, log):
    """Call `step()` every `ms` milliseconds for ever. Only the loss of the board ends it: any other error is
    our own mistake (or a heap too full), costs that step, is counted (and logged, once if it repeats), and
    the calls go on."""
    told = ""
    while True:
        try:
            step()
        except BoardLost:
            raise
        except MemoryError:
            drop_overlays()  # in pieces all over the heap, and what failed may need one large one
            gc.collect()
            log.count("out of memory")
        except Exception as error:
            log.count("fault in " + name)
            text = "our own mistake: %r" % error
            if text != told:
                told = text
                log.error(name, text)
        await asyncio.sleep_ms(ms)
