import type { Vocabulary } from './types.ts';

export const FR: Vocabulary = {
  'auth/login': {
    strong: `
      me connecter, se connecter, nous connecter, plus me connecter, mot de passe oublié, oublié mot de passe,
      réinitialis*, nouveau mot de passe, mot de passe incorrect, mauvais mot de passe, compte bloqué,
      compte est bloqué, compte verrouillé, débloquer, déverrouiller, code de vérification, code de sécurité,
      code par sms, lien expiré, session expir*, accéder à mon compte, accès à mon compte, déconnecté*,
      identifiants
    `,
    medium: `
      mot de passe, mots de passe, connexion, connecter, identifi*, authentifi*, double authentification, 2fa, sso,
      session, verrouill*, bloqué*, déconnect*
    `,
    weak: `
      code, codes, sms, accès, accéder, expiré
    `,
  },
  billing: {
    strong: `
      rembours*, débité*, prélevé*, prélèvement*, facturé deux fois, payé deux fois, débité deux fois, facture*,
      facturation, montant incorrect, résilier, résiliation, annuler mon abonnement, moyen de paiement,
      mode de paiement, carte bancaire, numéro de tva, tva, avoir, surfactur*, paiement refusé, trop payé
    `,
    medium: `
      paiement*, payer, payé, prix, tarif*, frais, abonnement*, forfait, montant, remise, code promo, virement,
      euros, reçu, échéance, renouvel*, factur*, coût*
    `,
    weak: `
      carte, mensuel*, annuel*, argent, coupon
    `,
  },
  bug: {
    strong: `
      ne réagit pas, ne réagit plus, ne s'affiche pas, ne s'affiche plus, n'apparaît pas, ne s'ouvre pas,
      ne s'ouvre plus, fichier vide, n'enregistre pas, impossible d'ouvrir, impossible d'envoyer,
      impossible de télécharger, ne fonctionne pas, ne fonctionne plus, ne marche pas, ne marche plus, marche plus,
      fonctionne plus, message erreur, plante, plantage*, se ferme toute seule, se ferme, page blanche,
      écran blanc, reste blanche, rien ne se passe, ne se charge pas, ne charge pas, se bloque, figé*, disparu*,
      depuis la mise à jour, depuis la dernière mise à jour, dernière mise à jour, ne répond pas,
      affiche une erreur, ne enregistre
    `,
    medium: `
      faux, fausse, fausses, erroné*, erreur*, bug*, problème*, lent*, bogue*, cassé*, incorrect*, vide,
      mise à jour, dysfonctionnement*, doublon*, manque
    `,
    weak: `
      page, bouton, clique*, navigateur, application, télécharg*, écran
    `,
  },
  feature_request: {
    strong: `
      il manque, pourriez vous proposer, pourriez vous permettre, pourriez vous prévoir, il faudrait,
      j'aimerais que, nous aimerions que, serait appréci*, serait il possible, serait possible, il serait possible,
      serait utile, serait pratique, serait bien, serait génial, ce serait, pourriez vous ajouter,
      pouvez vous ajouter, ajouter une fonction*, ajouter un, ajouter une, suggestion*, proposition,
      souhaiterais pouvoir, aimerais pouvoir, aimerions pouvoir, nouvelle fonctionnalité, mode sombre,
      prévoyez vous, est il prévu, intégration avec, option pour, permettre de
    `,
    medium: `
      fonctionnalité*, fonction, idée*, intégration, améliorer, amélioration*, ajouter, option, possibilité,
      faciliter
    `,
    weak: `
      serait, pourrait, possible, utile, souhait*, aimerais
    `,
  },
  account: {
    strong: `
      supprimer mon compte, fermer mon compte, suppression de mon compte, clôturer, supprimer mes données,
      données personnelles, rgpd, droit à l'oubli, modifier mon adresse, changer mon adresse, changer d'adresse,
      modifier mon nom, changer mon nom, nom de famille, nouvelle adresse, adresse email, adresse mail, mon profil,
      inviter, invitation*, ajouter un membre, supprimer un membre, ajouter un utilisateur, propriétaire,
      transférer la propriété, droits d'administrateur, déménagé, mariage, fusionner, décédé*
    `,
    medium: `
      profil, membre*, rôle*, administrat*, utilisateur*, équipe, collègue*, supprimer, suppression, données,
      coordonnées, nom, droits, exporter
    `,
    weak: `
      compte, modifier, changer, adresse, téléphone
    `,
  },
  other: {
    strong: `
      horaires, heures d'ouverture, merci beaucoup pour, merci pour votre aide, merci pour votre rapidité, bravo,
      félicitations, candidature, stage, offre d'emploi, journaliste, presse, partenariat, livrez vous,
      délai de livraison, délais de livraison, avant d'acheter, avant de commander, démonstration, tout fonctionne,
      problème résolu, est résolu, absent*
    `,
    medium: `
      merci, question, livraison, livrez, commande, magasin*, boutique, colis, devis, renseignement*, intéressé*,
      salon, entretien
    `,
    weak: `
      bonjour, curieux, offre*
    `,
  },
};
