#include <stdint.h>

enum { LAST, RUN, LAST_SEQ, LAST_TS, LEFT, HELD, SMALLEST, LARGEST, SIZE };
enum { MARKER = 1, SEQ, TS };

int32_t readsize__judge(int32_t *s, int32_t n, const int32_t *info, int32_t kind, int32_t now)
{
    int32_t seq = info[SEQ], ts = info[TS], voice = kind == 1, size = s[SIZE];
    if (voice) {
        int32_t steps = (seq - s[LAST_SEQ]) & 0xFFFF;
        if (s[RUN] && steps < 16 && !info[MARKER] && ((ts - s[LAST_TS]) & 0xFFFFFFF) != steps * (s[LAST] - 12))
            voice = 0;
    }
    if (s[HELD] && ((now - s[LEFT]) & 0x3FFFFFFF) >= 1000)
        s[HELD] = 0;
    if (size) {
        if (!voice || n != size) {
            size = 0;
            s[LEFT] = now;
            s[HELD] = 1;
            s[RUN] = 0;
        }
    } else if (voice && n == s[LAST]) {
        if (++s[RUN] >= 3 && !s[HELD]) {
            s[RUN] = 1;
            if (n >= s[SMALLEST] && n <= s[LARGEST])
                size = n;
        }
    } else
        s[RUN] = kind & 1;
    s[LAST] = n;
    s[LAST_SEQ] = seq;
    s[LAST_TS] = ts;
    s[SIZE] = size;
    return size;
}
