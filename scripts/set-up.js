/* Plain JavaScript for any Node from 20 on: it runs before anything is installed. */
