declare module "virtual:shared" {
  /** A module of the first bundle as far as the second one uses it, by its path; the build writes it. */
  export const shared: (path: string) => unknown;
}
