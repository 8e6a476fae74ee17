/* The shared library that is loaded out of the mount; it looks into the mount by itself. */
#include <fcntl.h>
#include <unistd.h>

int answer(void)
{
    char text[8] = "";
    int fd = open("/app/dir/b.txt", O_RDONLY);
    if (fd < 0 || read(fd, text, sizeof text) != 3 || close(fd) != 0)
        return -1;
    return text[0] == 'b' ? 42 : -1;
}
